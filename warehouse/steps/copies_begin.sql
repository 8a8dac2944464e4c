-- Grain: one article of `waiting`, whose duplicate_of is to be decided: those of `touched`, and their copies.
CREATE OR REPLACE TEMP TABLE waiting AS
SELECT rowid AS place, article_id, coalesce(published_at, fetched_at) AS moment, true AS is_touched
FROM articles
SEMI JOIN touched USING (article_id)
UNION ALL
SELECT rowid, articles.article_id, coalesce(published_at, fetched_at), false
FROM articles
SEMI JOIN touched ON duplicate_of = touched.article_id;
