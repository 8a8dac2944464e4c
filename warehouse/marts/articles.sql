-- Grain: one article, as its version with the latest fetched_at shows it, on the day of the last dated one.
-- Key: article_id
-- Compared: source_id, published_date, published_local_date, versions, duplicate_of
-- Touched by: article_id FROM added_article_versions
-- Touched by: article_id FROM changed_moved_articles
-- Touched by: moved_to FROM changed_moved_articles
-- Touched by: moved_to FROM moved_articles SEMI JOIN added_article_versions USING (article_id)
-- Touched by: article_id FROM articles
--     SEMI JOIN (FROM source_zones WHERE is_changed) AS moved USING (source_id)
--
-- A page may lose its date with a revision. The article still counts on the day that it had, which is that
-- of its latest version with a date.
-- An article whose page has moved is left out: the article of the new URL stands for both.
-- It belongs to the source of its first version, whichever source asks for it later: with another one its
-- counts would move back and forth. What a backfill gave to archive-<domain> goes to the first other source.
-- duplicate_of and cluster_id are set afterwards, by the rounds of steps/copies.sql; duplicate_of is
-- compared so that an article that is a copy no longer is among the changed ones.
WITH shown AS (
    SELECT arg_max(rowid, (fetched_at, version_no)) AS place,
           arg_min(source_id, (starts_with(source_id, 'archive-'), fetched_at, version_no))
               AS source_id,
           coalesce(arg_max(rowid, (fetched_at, version_no)) FILTER (published_at IS NOT NULL), place)
               AS dated_place,
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
),
dated AS (
    SELECT rowid AS dated_place, published_at, published_at_raw, published_has_time, published_source,
           published_date
    FROM article_versions
    WHERE rowid IN (SELECT dated_place FROM shown)
)
SELECT version.* EXCLUDE (source_id, first_seen_at, page_sha256, published_at, published_at_raw,
                          published_has_time, published_source, published_date),
       shown.source_id, dated.* EXCLUDE (dated_place, published_has_time), versions,
       least(shown.first_seen_at, moved.first_seen_at) AS first_seen_at,
       precision_of(dated.published_at, dated.published_at_raw, dated.published_has_time)
           AS published_precision,
       local_date(dated.published_at, dated.published_at_raw, dated.published_has_time, zone)
           AS published_local_date,
       NULL::UUID AS duplicate_of, NULL::UUID AS cluster_id
FROM article_versions AS version
JOIN shown ON version.rowid = shown.place
JOIN dated USING (dated_place)
LEFT JOIN moved ON moved_to = version.article_id
JOIN source_zones ON source_zones.source_id = shown.source_id
-- So DuckDB reads only these rows; for a join it would read every column of every version.
WHERE version.rowid IN (SELECT place FROM shown)
