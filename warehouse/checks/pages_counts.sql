-- Holds: coverage counts the pages of every source and day of its calendar.
SELECT source_id, day, discovered, asked, fetched, was_read, failed, lost, undated, without_date
FROM touched_coverage
FULL JOIN (
    SELECT source_id, day, count(*) AS asked, count(*) FILTER (was_read) AS was_read,
           count(*) FILTER (is_gone) AS gone,
           coalesce(sum(stands_for) FILTER (is_lost AND NOT gave_article), 0)
               + if(gone >= 3 AND 3 * gone > 2 * sum(stands_for), gone, 0) AS lost,
           count(DISTINCT article_id) FILTER (is_undated) AS without_date
    FROM touched_days_pages
    SEMI JOIN source_calendars AS calendar
        ON calendar.source_id = touched_days_pages.source_id AND day BETWEEN first_day AND last_day
    GROUP BY ALL
) AS counted USING (source_id, day)
WHERE discovered IS DISTINCT FROM coalesce(asked, 0)
   OR fetched IS DISTINCT FROM coalesce(was_read, 0)
   OR failed IS DISTINCT FROM coalesce(lost, 0)
   OR undated IS DISTINCT FROM coalesce(without_date, 0)
