-- Grain: one article, as its version with the latest fetched_at shows it.
-- Key: article_id
-- Compared: source_id, published_date, published_local_date, versions
-- Touched by: article_id FROM added_article_versions
-- Touched by: article_id FROM articles
--     SEMI JOIN (FROM source_zones WHERE is_changed) AS moved USING (source_id)
--
-- duplicate_of and cluster_id are set afterwards, by the rounds of steps/copies.sql.
WITH shown AS (
    SELECT arg_max(rowid, (fetched_at, version_no)) AS place,
           min(first_seen_at) AS first_seen_at, count(*) AS versions
    FROM article_versions
    SEMI JOIN touched USING (article_id)
    GROUP BY article_id
)
SELECT version.* EXCLUDE (first_seen_at, page_sha256), shown.first_seen_at, versions,
       precision_of(published_at, published_at_raw) AS published_precision,
       local_date(published_at, published_at_raw, zone) AS published_local_date,
       NULL::UUID AS duplicate_of, NULL::UUID AS cluster_id
FROM article_versions AS version
JOIN shown ON version.rowid = shown.place
JOIN source_zones USING (source_id)
-- So DuckDB reads only these rows; for a join it would read every column of every version.
WHERE version.rowid IN (SELECT place FROM shown)
