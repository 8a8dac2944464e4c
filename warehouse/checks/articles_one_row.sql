-- Holds: an article has one row, in articles, or in moved_articles if its page has moved.
SELECT article_id, count(place) AS rows
FROM (SELECT DISTINCT article_id FROM touched_article_versions)
LEFT JOIN (
    SELECT article_id, 'articles' AS place FROM touched_articles
    UNION ALL
    SELECT article_id, 'moved_articles' FROM moved_articles
) AS shown USING (article_id)
GROUP BY article_id
HAVING count(place) <> 1
