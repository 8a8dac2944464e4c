-- Grain: one row, what was collected in the days of the report.
SELECT count({published_date}) AS articles,
       count(*) FILTER ({published_date} IS NULL) AS undated,
       count(DISTINCT source_id) FILTER ({published_date} IS NOT NULL) AS sources,
       (SELECT max(loaded_at) FROM loads) AS loaded_at
FROM articles
-- Domains that are only in archives, and days outside of a source's calendar, are in no figure.
-- A snapshot of 0.1 lacks is_watched, and its archive-<domain> is in no figure either.
WHERE (NOT starts_with(source_id, 'archive-') AND {published_date} IS NULL)
   OR ({published_date} BETWEEN $first_day AND $last_day
       AND EXISTS (FROM coverage{local} AS days
                   WHERE days.source_id = articles.source_id AND days.day = {published_date}))
