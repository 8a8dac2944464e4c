-- Grain: one row, the days of the report: at most three years, up to the last known day.
SELECT greatest(min(day), max(day) - 1095) AS first_day, max(day) AS last_day
FROM coverage{local}
