-- Grain: one article, as its version with the latest fetched_at shows it.
-- Brings the articles of `touched` up to date. `waiting` is left with those whose `duplicate_of` has to
-- be settled, by the rounds of steps/copies.sql; `changed_articles` with where the touched ones were
-- counted and where they are now, to which the rounds add every article that they give another
-- `duplicate_of`.
CREATE OR REPLACE TEMP TABLE articles_before AS
SELECT article_id, source_id, published_date FROM articles SEMI JOIN touched USING (article_id);

MERGE INTO articles USING (
    SELECT every_version.* EXCLUDE (first_seen_at, page_sha256),
           min(first_seen_at) OVER article AS first_seen_at,
           count(*) OVER article AS versions
    FROM article_versions AS every_version
    -- By their place: a join to `touched` would read every column of every row.
    WHERE rowid IN (SELECT rowid FROM article_versions SEMI JOIN touched USING (article_id))
    WINDOW article AS (PARTITION BY article_id)
    QUALIFY row_number() OVER (
        PARTITION BY article_id ORDER BY fetched_at DESC, version_no DESC) = 1
) AS latest ON articles.article_id = latest.article_id
WHEN MATCHED THEN UPDATE BY NAME
WHEN NOT MATCHED THEN INSERT BY NAME;

CREATE OR REPLACE TEMP TABLE changed_articles AS
SELECT * FROM articles_before
UNION
SELECT article_id, source_id, published_date FROM articles SEMI JOIN touched USING (article_id);

CREATE OR REPLACE TEMP TABLE waiting AS
SELECT article_id, coalesce(published_at, fetched_at) AS moment, is_touched
FROM articles
JOIN (
    SELECT article_id, true AS is_touched FROM touched
    UNION ALL
    SELECT article_id, false FROM articles
    SEMI JOIN touched ON articles.duplicate_of = touched.article_id
    ANTI JOIN touched USING (article_id)
) AS unsettled USING (article_id);
