-- Grain: one article whose page has moved, with the article of the new URL.
-- Key: article_id
-- Compared: moved_to
-- Touched by: unnest(list(DISTINCT article_id)) FROM captures
--     WHERE article_id IS NOT NULL
--       AND url_hash IN (SELECT url_hash FROM added_captures WHERE article_id IS NOT NULL)
--     GROUP BY source_id, url_hash HAVING min(article_id) <> max(article_id)
--
-- A page has moved when a URL that gave one article next gives another with the same text, or nearly the
-- same as in steps/copies.sql: it redirects, or declares another canonical URL. An address that leads to
-- changing articles (/live), or from an expired article to another, gives another text. Short texts have
-- no sketch: they have to be equal, headline included.
-- The last move decides: an article to which a page has moved back is in articles again. So the moves
-- that decide follow each other in time, and always end at an article that is in articles.
WITH given AS (
    SELECT source_id, url_hash, article_id, version_no,
           {'moved_at': attempted_at, 'capture_id': capture_id} AS moment
    FROM captures
    WHERE article_id IS NOT NULL
      AND url_hash IN (SELECT url_hash FROM captures SEMI JOIN touched USING (article_id))
),
followed AS (
    SELECT lag(article_id) OVER seen AS article_id, lag(version_no) OVER seen AS version_no,
           article_id AS moved_to, version_no AS moved_to_no, moment
    FROM given
    WINDOW seen AS (PARTITION BY source_id, url_hash ORDER BY moment)
    QUALIFY lag(article_id) OVER seen <> given.article_id
),
compared AS (
    SELECT unnest([article_id, moved_to]) AS article_id FROM followed
),
texts AS (
    SELECT article_id, version_no, body_sha256, shingles, minhash
    FROM article_versions
    JOIN text_sketches USING (article_id, version_no)
    -- By rowid: for a join DuckDB would read every text.
    WHERE article_versions.rowid IN (
              SELECT article_versions.rowid FROM article_versions SEMI JOIN compared USING (article_id))
      AND text_sketches.rowid IN (
              SELECT text_sketches.rowid FROM text_sketches SEMI JOIN compared USING (article_id))
),
moves AS (
    SELECT followed.*, 1 - bit_count(xor(before.minhash, after.minhash)) / 256 AS jaccard
    FROM followed
    JOIN texts AS before USING (article_id, version_no)
    JOIN texts AS after ON after.article_id = moved_to AND after.version_no = moved_to_no
    WHERE before.body_sha256 = after.body_sha256
       OR is_nearly_same(jaccard, before.shingles, after.shingles)
)
SELECT article_id, arg_max(moved_to, moment) AS moved_to, max(moment).moved_at AS moved_at
FROM (
    SELECT article_id, moved_to, moment FROM moves
    UNION ALL
    SELECT moved_to, NULL, moment FROM moves
)
SEMI JOIN touched USING (article_id)
GROUP BY article_id
HAVING arg_max(moved_to IS NOT NULL, moment)
