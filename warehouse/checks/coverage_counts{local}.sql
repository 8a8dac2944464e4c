-- Holds: coverage{local} counts the dated articles of every source and day of its calendar, and none of a missing day.
SELECT source_id, day, extracted, articles, state
FROM touched_coverage{local}
FULL JOIN (
    SELECT source_id, {published_date} AS day, count(*) AS articles
    FROM touched_days_articles{local}
    SEMI JOIN source_calendars{local} AS calendar
        ON calendar.source_id = touched_days_articles{local}.source_id AND {published_date} BETWEEN first_day AND last_day
    GROUP BY ALL
) AS counted USING (source_id, day)
WHERE extracted IS DISTINCT FROM coalesce(articles, 0) OR truncated > extracted OR archived > extracted
   OR undated > discovered OR fetched > discovered OR failed > listed OR discovered > listed OR (state = 'missing' AND extracted > 0)
