-- Grain: one article, as its version with the latest fetched_at shows it.
-- Key: article_id
-- Compared: source_id, published_date, versions
-- Touched by: article_id FROM added_article_versions
--
-- duplicate_of and cluster_id are settled after that, by the rounds of steps/copies.sql.
WITH shown AS (
    SELECT arg_max(rowid, (fetched_at, version_no)) AS place,
           min(first_seen_at) AS first_seen_at, count(*) AS versions
    FROM article_versions
    SEMI JOIN touched USING (article_id)
    GROUP BY article_id
)
SELECT version.* EXCLUDE (first_seen_at, page_sha256), shown.first_seen_at, versions,
       NULL::UUID AS duplicate_of, NULL::UUID AS cluster_id
FROM article_versions AS version
JOIN shown ON version.rowid = shown.place
-- DuckDB fetches these rows alone; for the join it would read every column of every version.
WHERE version.rowid IN (SELECT place FROM shown)
