-- Grain: one row, the days of the report: at most three years, up to the last known day; and the
-- first of all days, from which on the index is scaled.
SELECT greatest(min(day), max(day) - 1095) AS first_day, max(day) AS last_day,
       min(day) AS first_of_all
FROM coverage{local}
