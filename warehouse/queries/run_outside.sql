-- Grain: one source that a run read saved files of, with dated articles outside of its calendar.
WITH read_now AS (
    SELECT DISTINCT source_id
    FROM captures
    WHERE run_id = $run_id AND kind = 'file' AND outcome IN ('article', 'revised')
)
SELECT source_id, first_day, count(*) AS articles
FROM articles
JOIN source_calendars USING (source_id)
SEMI JOIN read_now USING (source_id)
WHERE published_date NOT BETWEEN first_day AND last_day
GROUP BY ALL
ORDER BY source_id
