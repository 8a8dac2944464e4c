-- Grain: one row, for all runs that finished on the given UTC days.
-- Reads: runs
SELECT coalesce(sum(articles), 0)::BIGINT AS articles, coalesce(sum(revised), 0)::BIGINT AS revised,
       count(*) AS runs
FROM runs
WHERE (finished_at AT TIME ZONE 'UTC')::DATE BETWEEN $first_day AND $last_day
