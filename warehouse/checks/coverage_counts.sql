-- Holds: coverage counts the dated articles of every source and day of its calendar, and none of a missing day.
SELECT source_id, day, extracted, articles, state
FROM touched_coverage
FULL JOIN (
    SELECT source_id, published_date AS day, count(*) AS articles
    FROM touched_days_articles
    SEMI JOIN source_calendars AS calendar
        ON calendar.source_id = touched_days_articles.source_id AND published_date BETWEEN first_day AND last_day
    GROUP BY ALL
) AS counted USING (source_id, day)
WHERE extracted IS DISTINCT FROM coalesce(articles, 0) OR truncated > extracted
   OR fetched > discovered OR failed > listed OR discovered > listed OR (state = 'missing' AND extracted > 0)
