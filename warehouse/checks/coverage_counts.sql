-- Holds: coverage counts the dated articles of every source and day, and none of a missing day.
SELECT source_id, day, extracted, articles, state
FROM touched_coverage
FULL JOIN (
    SELECT source_id, published_date AS day, count(*) AS articles
    FROM touched_days_articles
    SEMI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
    WHERE published_date IS NOT NULL
    GROUP BY ALL
) AS counted USING (source_id, day)
WHERE extracted IS DISTINCT FROM coalesce(articles, 0) OR truncated > extracted
   OR fetched > discovered OR failed > discovered OR (state = 'missing' AND extracted > 0)
