-- Grain: one row, what was collected in the days that the report tells of.
SELECT count(*) AS articles,
       count(*) FILTER ({published_date} IS NULL) AS undated,
       count(DISTINCT source_id) AS sources,
       (SELECT max(loaded_at) FROM loads) AS loaded_at
FROM articles
WHERE {published_date} IS NULL OR {published_date} BETWEEN $first_day AND $last_day
