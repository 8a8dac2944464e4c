-- Holds: a source has one row for each day from its first to its last, in one of three states.
SELECT source_id, count(*) AS rows, min(day) AS first_day, max(day) AS last_day
FROM coverage{local}
GROUP BY source_id
HAVING count(*) <> date_diff('day', min(day), max(day)) + 1 OR count(DISTINCT day) <> count(*)
    OR count(*) FILTER (state IS NULL OR state NOT IN ('observed', 'partial', 'missing')) > 0
