-- Holds: a page has moved to an article that is in articles, or has moved in turn.
SELECT article_id, moved_to
FROM moved_articles
ANTI JOIN (
    SELECT article_id AS moved_to FROM articles
    UNION ALL
    SELECT article_id FROM moved_articles
) AS known USING (moved_to)
