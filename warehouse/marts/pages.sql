-- Grain: one page of a source: a URL that was asked for as a page, or a saved file, however often.
-- Brings those up to date that the load asked for, or whose article it changed, which then are the rows
-- after `pages_end`; `pages_before` keeps what they were. Dates of a listing before 1990 or three days
-- after the attempt are not believed: `<pubDate>` 1970-01-01 and 2099 are out there.
CREATE OR REPLACE TEMP TABLE new_pages AS
SELECT source_id, url_hash,
       arg_max(article_id, attempted_at) AS article_id,
       max(attempted_at) FILTER (article_id IS NOT NULL) AS article_at,
       bool_or(class = 'article') AS gave_article,
       bool_or(class IN ('article', 'no_article', 'unreadable')) AS was_read,
       arg_max(is_loss, attempted_at) AS is_lost,
       max(attempted_at) FILTER (believed IS NOT NULL) AS entry_at,
       arg_max(believed, attempted_at) AS entry_published_at,
       min(attempted_at) AS first_attempt_at,
       max(attempted_at) AS last_attempt_at
FROM (
    SELECT *, if(entry_published_at BETWEEN TIMESTAMPTZ '1990-01-01 00:00:00+00'
                                        AND attempted_at + INTERVAL 3 DAY,
                 entry_published_at, NULL) AS believed
    FROM new_captures
    WHERE kind IN ('page', 'file') AND NOT starts_with(source_id, 'archive-')
)
JOIN outcomes USING (outcome)
GROUP BY source_id, url_hash;

-- Articles that are on another day than before, or of another source: they have two rows there.
CREATE OR REPLACE TEMP TABLE moved_articles AS
SELECT article_id FROM changed_articles GROUP BY article_id HAVING count(*) > 1;

CREATE OR REPLACE TEMP TABLE pages_before AS
SELECT rowid AS place, *
FROM pages
WHERE rowid IN (SELECT pages.rowid FROM pages SEMI JOIN new_pages USING (source_id, url_hash)
                UNION
                SELECT pages.rowid FROM pages SEMI JOIN moved_articles USING (article_id));

SET VARIABLE pages_end = (SELECT coalesce(max(rowid), -1) FROM pages);

DELETE FROM pages WHERE rowid IN (SELECT place FROM pages_before);

CREATE OR REPLACE TEMP TABLE pages_now AS
SELECT source_id, url_hash,
       arg_max(article_id, article_at) AS article_id,
       max(article_at) AS article_at,
       bool_or(gave_article) AS gave_article,
       bool_or(was_read) AS was_read,
       arg_max(is_lost, last_attempt_at) AS is_lost,
       max(entry_at) AS entry_at,
       arg_max(entry_published_at, entry_at) AS entry_published_at,
       min(first_attempt_at) AS first_attempt_at,
       max(last_attempt_at) AS last_attempt_at
FROM (FROM new_pages UNION ALL BY NAME SELECT * EXCLUDE (place, day) FROM pages_before)
GROUP BY source_id, url_hash;

INSERT INTO pages BY NAME
SELECT pages_now.*,
       if(gave_article, published_date,
          utc_day(coalesce(entry_published_at, first_attempt_at))) AS day
FROM pages_now
LEFT JOIN (
    SELECT article_id, published_date
    FROM articles
    WHERE rowid > getvariable('articles_end')
    UNION ALL
    SELECT article_id, published_date
    FROM articles
    WHERE rowid IN (
        SELECT articles.rowid
        FROM articles
        SEMI JOIN (
            FROM (FROM pages_now WHERE article_id IS NOT NULL)
            ANTI JOIN touched USING (article_id)
        ) AS known USING (article_id))
) AS dated USING (article_id);
