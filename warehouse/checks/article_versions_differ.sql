-- Holds: a version differs from the one before it, adds a date where that had none, or follows one that
-- a source took over from archive-<domain>. A rebuild gives the source that one, too, while this one stays
-- where its archive file was removed. `rebuild articles` runs this without the table `sources`.
SELECT article_id, previous_no, version_no, body_sha256
FROM (
    SELECT article_id, version_no, body_sha256, published_at,
           lag(version_no) OVER seen AS previous_no,
           lag(body_sha256) OVER seen AS sha256_before,
           lag(published_at) OVER seen AS published_before,
           lag(source_id) OVER seen AS source_before, lag(raw_ref) OVER seen AS raw_ref_before
    FROM touched_article_versions
    SEMI JOIN (SELECT article_id FROM touched_article_versions WHERE version_no > 1) AS revised
        USING (article_id)
    WINDOW seen AS (PARTITION BY article_id ORDER BY fetched_at, version_no)
)
WHERE previous_no < version_no AND body_sha256 = sha256_before
  AND (published_at IS NULL OR published_before IS NOT NULL)
  AND NOT starts_with(source_before, 'archive-')
  AND NOT coalesce(regexp_matches(raw_ref_before, '^(/|s3://)'), false)
