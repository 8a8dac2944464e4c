-- Grain: one article of `waiting`, whose duplicate_of is to be decided: those of `touched`, and their copies.
--
-- Texts without a date are sketched at the time of publication that other versions of the article have, or
-- else those before its page moved.
UPDATE text_sketches
SET moment = coalesce(shown.published_at, own.published_at, version.fetched_at)
FROM article_versions AS version
JOIN (
    SELECT article_id,
           arg_max(published_at, (fetched_at, version_no)) FILTER (published_at IS NOT NULL)
               AS published_at
    FROM article_versions
    SEMI JOIN touched USING (article_id)
    GROUP BY article_id
    HAVING count(published_at) < count(*)
) AS own USING (article_id)
LEFT JOIN (
    SELECT article_id, published_at FROM articles SEMI JOIN touched USING (article_id)
) AS shown USING (article_id)
WHERE version.published_at IS NULL
  AND text_sketches.article_id = version.article_id
  AND text_sketches.version_no = version.version_no
  AND moment <> coalesce(shown.published_at, own.published_at, version.fetched_at);

CREATE OR REPLACE TEMP TABLE waiting AS
SELECT rowid AS place, article_id, coalesce(published_at, fetched_at) AS moment, true AS is_touched
FROM articles
SEMI JOIN touched USING (article_id)
UNION ALL
SELECT rowid, articles.article_id, coalesce(published_at, fetched_at), false
FROM articles
SEMI JOIN touched ON duplicate_of = touched.article_id;
