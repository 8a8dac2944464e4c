-- Holds: the gaps of a source are the days of its calendar that were not observed, each once, without
-- a first or last day that was read in part.
SELECT source_id, days, expected, first_day, last_day
FROM (
    SELECT source_id, sum(days) AS days, min(first_day) AS first_day, max(last_day) AS last_day,
           bool_and(days = last_day - first_day + 1) AS is_whole
    FROM coverage_gaps{local}
    SEMI JOIN coverage{local} ON coverage{local}.source_id = coverage_gaps{local}.source_id
                      AND coverage{local}.day = coverage_gaps{local}.first_day
    GROUP BY source_id
) AS gaps
FULL JOIN (
    SELECT source_id, count(*) AS expected
    FROM coverage{local}
    JOIN source_calendars{local} USING (source_id)
    WHERE state <> 'observed'
      AND (day NOT IN (first_day, last_day) OR NOT list_contains(reasons, 'partly_read')
           OR NOT list_has_all(['partly_read', 'below_expected_low', 'above_expected_high'], reasons))
    GROUP BY source_id
) AS unobserved USING (source_id)
WHERE days IS DISTINCT FROM expected OR NOT is_whole
