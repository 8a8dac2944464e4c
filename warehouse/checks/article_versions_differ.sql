-- Holds: a version differs from the one before it, adds a date where that had none, or is of a source
-- where that was of a domain that only archives know.
SELECT article_id, previous_no, version_no, body_sha256
FROM (
    SELECT article_id, version_no, source_id, body_sha256, published_at,
           lag(version_no) OVER seen AS previous_no,
           lag(body_sha256) OVER seen AS sha256_before,
           lag(published_at) OVER seen AS published_before,
           lag(source_id) OVER seen AS source_before
    FROM touched_article_versions
    SEMI JOIN (SELECT article_id FROM touched_article_versions WHERE version_no > 1) AS revised
        USING (article_id)
    WINDOW seen AS (PARTITION BY article_id ORDER BY fetched_at, version_no)
)
WHERE previous_no < version_no AND body_sha256 = sha256_before
  AND (published_at IS NULL OR published_before IS NOT NULL)
  AND (source_id LIKE 'archive-%' OR source_before NOT LIKE 'archive-%')
