-- Grain: one row, the days that the report tells of: at most three years, to the last known day.
SELECT greatest(min(day), max(day) - 1095) AS first_day, max(day) AS last_day
FROM coverage{local}
