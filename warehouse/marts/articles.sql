-- Grain: one article, as its version with the latest fetched_at shows it.
-- Key: article_id
-- Compared: source_id, published_date, published_local_date, versions, duplicate_of
-- Touched by: article_id FROM added_article_versions
-- Touched by: article_id FROM changed_moved_articles
-- Touched by: moved_to FROM changed_moved_articles
-- Touched by: moved_to FROM moved_articles SEMI JOIN added_article_versions USING (article_id)
-- Touched by: article_id FROM articles
--     SEMI JOIN (FROM source_zones WHERE is_changed) AS moved USING (source_id)
--
-- An article whose page has moved is left out: the article of the new URL stands for both.
-- It belongs to the source of its first version, whichever source asks for it later: with another one its
-- counts would move back and forth. What a backfill gave to archive-<domain> goes to the first other source.
-- duplicate_of and cluster_id are set afterwards, by the rounds of steps/copies.sql; duplicate_of is
-- compared so that an article that is a copy no longer is among the changed ones.
WITH shown AS (
    SELECT arg_max(rowid, (fetched_at, version_no)) AS place,
           arg_min(source_id, (starts_with(source_id, 'archive-'), fetched_at, version_no))
               AS source_id,
           min(first_seen_at) AS first_seen_at, count(*) AS versions
    FROM article_versions
    SEMI JOIN touched USING (article_id)
    ANTI JOIN moved_articles USING (article_id)
    GROUP BY article_id
),
moved AS (
    SELECT moved_to, min(first_seen_at) AS first_seen_at
    FROM article_versions
    JOIN (FROM moved_articles SEMI JOIN touched ON moved_to = touched.article_id) AS earlier
        USING (article_id)
    GROUP BY moved_to
)
SELECT version.* EXCLUDE (source_id, first_seen_at, page_sha256), shown.source_id, versions,
       least(shown.first_seen_at, moved.first_seen_at) AS first_seen_at,
       precision_of(published_at, published_at_raw) AS published_precision,
       local_date(published_at, published_at_raw, zone) AS published_local_date,
       NULL::UUID AS duplicate_of, NULL::UUID AS cluster_id
FROM article_versions AS version
JOIN shown ON version.rowid = shown.place
LEFT JOIN moved ON moved_to = version.article_id
JOIN source_zones ON source_zones.source_id = shown.source_id
-- So DuckDB reads only these rows; for a join it would read every column of every version.
WHERE version.rowid IN (SELECT place FROM shown)
