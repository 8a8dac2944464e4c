-- Grain: one source that was collected in every ISO week with a day of a range.
-- Weeks are counted from Monday to Monday: date_diff('week', Thursday, Tuesday) is 0 in DuckDB 1.5.6 and
-- 2.0.1, full seven days alone.
CREATE OR REPLACE MACRO balanced_panel{local}(first_day, last_day) AS TABLE
WITH weeks AS (
    SELECT source_id, count(DISTINCT date_trunc('week', day)) AS collected
    FROM coverage{local}
    WHERE day BETWEEN first_day::DATE AND last_day::DATE AND state <> 'missing'
    GROUP BY source_id
)
SELECT source_id
FROM weeks
WHERE collected = 1 + date_diff('week', date_trunc('week', first_day::DATE),
                                date_trunc('week', last_day::DATE));

COMMENT ON MACRO TABLE balanced_panel{local} IS
    'The sources that were collected on at least one day of every ISO week of a range, so that no change in it is one of which sources there are: FROM topic_weekly{local} SEMI JOIN balanced_panel{local}(''2026-01-01'', ''2026-10-31'') USING (source_id)';
