-- Grain: one article, as its version with the latest fetched_at shows it.
-- Brings the articles of `touched` up to date, which then are the rows after `articles_end`; those that
-- were there are in `articles_before`. `waiting` is left with those whose `duplicate_of` has to be
-- settled, by the rounds of steps/copies.sql; `changed_articles` with where the touched ones were
-- counted and where they are now, to which the rounds add every article that they give another
-- `duplicate_of`.
--
-- Rows are read by their place, here and elsewhere: a join would read every column of every row.
CREATE OR REPLACE TEMP TABLE articles_before AS
SELECT rowid AS place, article_id, source_id, published_date, duplicate_of, cluster_id
FROM articles
WHERE rowid IN (SELECT articles.rowid FROM articles SEMI JOIN touched USING (article_id));

CREATE OR REPLACE TEMP TABLE touched_versions AS
SELECT rowid AS place FROM article_versions SEMI JOIN new_runs USING (run_id)
UNION
SELECT rowid FROM article_versions SEMI JOIN articles_before USING (article_id);

SET VARIABLE articles_end = (SELECT coalesce(max(rowid), -1) FROM articles);

DELETE FROM articles WHERE rowid IN (SELECT place FROM articles_before);

-- In the order of the versions, which is that of time: what is asked for some days reads those alone.
INSERT INTO articles BY NAME
WITH shown AS (
    SELECT arg_max(rowid, (fetched_at, version_no)) AS place,
           min(first_seen_at) AS first_seen_at, count(*) AS versions
    FROM article_versions
    WHERE rowid IN (SELECT place FROM touched_versions)
    GROUP BY article_id
)
SELECT version.* EXCLUDE (first_seen_at, page_sha256), shown.first_seen_at, versions,
       duplicate_of, cluster_id
FROM article_versions AS version
JOIN shown ON version.rowid = shown.place
LEFT JOIN articles_before USING (article_id)
WHERE version.rowid IN (SELECT place FROM shown);

CREATE OR REPLACE TEMP TABLE changed_articles AS
SELECT article_id, source_id, published_date FROM articles_before
UNION
SELECT article_id, source_id, published_date FROM articles WHERE rowid > getvariable('articles_end');

CREATE OR REPLACE TEMP TABLE waiting AS
SELECT rowid AS place, article_id, coalesce(published_at, fetched_at) AS moment, true AS is_touched
FROM articles
WHERE rowid > getvariable('articles_end')
UNION ALL
SELECT rowid, article_id, coalesce(published_at, fetched_at), false
FROM articles
WHERE duplicate_of IN (SELECT article_id FROM articles_before)
  AND rowid <= getvariable('articles_end');
