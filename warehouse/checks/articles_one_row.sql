-- Holds: an article has one row in articles, and every article of article_versions has one.
SELECT article_id, count(*) AS rows
FROM (
    SELECT article_id FROM touched_articles
    UNION ALL
    SELECT DISTINCT article_id
    FROM touched_article_versions ANTI JOIN touched_articles USING (article_id)
    UNION ALL
    SELECT DISTINCT article_id
    FROM touched_article_versions ANTI JOIN touched_articles USING (article_id)
)
GROUP BY article_id
HAVING count(*) <> 1
