-- Holds: coverage counts the dated articles of every source and day, and none of a missing day.
SELECT source_id, day, extracted, articles, state
FROM touched_coverage
FULL JOIN (
    SELECT source_id, published_date AS day, count(*) AS articles
    FROM touched_days_articles
    WHERE published_date IS NOT NULL AND NOT starts_with(source_id, 'archive-')
    GROUP BY ALL
) AS counted USING (source_id, day)
WHERE extracted IS DISTINCT FROM coalesce(articles, 0) OR truncated > extracted
   OR fetched > discovered OR failed > discovered OR (state = 'missing' AND extracted > 0)
