-- Grain: one article, as its version with the latest fetched_at shows it, on the day of the last dated one.
-- Key: article_id
-- Compared: source_id, published_date, published_local_date, versions, duplicate_of
-- Touched by: article_id FROM added_article_versions
-- Touched by: article_id FROM changed_moved_articles
-- Touched by: moved_to FROM changed_moved_articles
-- Touched by: moves.moved_to FROM all_moves() AS moves
--     SEMI JOIN changed_moved_articles AS changed ON moves.article_id = changed.moved_to
-- Touched by: moved_to FROM all_moves() SEMI JOIN added_article_versions USING (article_id)
-- Touched by: article_id FROM articles
--     SEMI JOIN (FROM source_zones WHERE is_changed) AS moved USING (source_id)
--
-- A page may lose its date with a revision, or as it moves. The article still counts on the day that it had,
-- which is that of its latest version with a date, or else of the articles before it with one.
-- An article whose page has moved is left out: the article of the new URL stands for both.
-- It belongs to the source of its first version, whichever source asks for it later: with another one its
-- counts would move back and forth. What a backfill gave to archive-<domain> goes to the first other source.
-- duplicate_of and cluster_id are set afterwards, by the rounds of steps/copies.sql; duplicate_of is
-- compared so that an article that is a copy no longer is among the changed ones.
WITH own AS (
    SELECT arg_max(rowid, (fetched_at, version_no)) AS place,
           arg_min(source_id, (starts_with(source_id, 'archive-'), fetched_at, version_no))
               AS source_id,
           arg_max(rowid, (fetched_at, version_no)) FILTER (published_at IS NOT NULL) AS dated_place,
           min(first_seen_at) AS first_seen_at, count(*) AS versions, article_id
    FROM article_versions
    SEMI JOIN touched USING (article_id)
    ANTI JOIN moved_articles USING (article_id)
    GROUP BY article_id
),
moved AS (
    SELECT moved_to AS article_id, min(first_seen_at) AS first_seen_at,
           arg_max(article_versions.rowid, (fetched_at, version_no))
               FILTER (published_at IS NOT NULL) AS dated_place
    FROM article_versions
    JOIN (FROM all_moves() SEMI JOIN touched ON moved_to = touched.article_id) AS earlier
        USING (article_id)
    GROUP BY moved_to
),
shown AS (
    SELECT place, source_id, versions,
           coalesce(own.dated_place, moved.dated_place, place) AS dated_place,
           least(own.first_seen_at, moved.first_seen_at) AS first_seen_at
    FROM own
    LEFT JOIN moved USING (article_id)
),
dated AS (
    SELECT rowid AS dated_place, published_at, published_at_raw, published_has_time, published_source,
           published_date
    FROM article_versions
    WHERE rowid IN (SELECT dated_place FROM shown)
)
SELECT version.* EXCLUDE (source_id, first_seen_at, page_sha256, published_at, published_at_raw,
                          published_has_time, published_source, published_date),
       shown.source_id, dated.* EXCLUDE (dated_place, published_has_time), versions, shown.first_seen_at,
       precision_of(dated.published_at, dated.published_at_raw, dated.published_has_time)
           AS published_precision,
       local_date(dated.published_at, dated.published_at_raw, dated.published_has_time, zone)
           AS published_local_date,
       NULL::UUID AS duplicate_of, NULL::UUID AS cluster_id
FROM article_versions AS version
JOIN shown ON version.rowid = shown.place
JOIN dated USING (dated_place)
JOIN source_zones ON source_zones.source_id = shown.source_id
-- So DuckDB reads only these rows; for a join it would read every column of every version.
WHERE version.rowid IN (SELECT place FROM shown)
