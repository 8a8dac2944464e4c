-- Holds: the gaps of a source are the days of its calendar that were not observed, each once, without
-- a first or last day that was read in part, and without days that have not ended.
SELECT source_id, days, expected, first_day, last_day
FROM (
    SELECT source_id, sum(days) AS days, min(first_day) AS first_day, max(last_day) AS last_day,
           bool_and(days = last_day - first_day + 1) AS is_whole
    FROM coverage_gaps{local}
    GROUP BY source_id
) AS gaps
FULL JOIN (
    SELECT source_id, count(*) AS expected
    FROM coverage{local}
    JOIN (
        SELECT source_id, min(day) AS first_day,
               coalesce(max(day) FILTER (listings_read > 0 OR listings_failed > 0),
                        max(day)) AS last_asked
        FROM coverage{local}
        GROUP BY source_id
    ) AS asked USING (source_id)
    JOIN (
        SELECT source_id, timezone({zone}, max(last_attempt_at) OVER ())::DATE AS today
        FROM sources
        LEFT JOIN pg_timezone_names() AS named ON named.name = sources.timezone
    ) AS ended USING (source_id)
    WHERE state <> 'observed'
      AND (day NOT IN (first_day, last_asked) OR NOT list_contains(reasons, 'partly_read')
           OR NOT list_has_all(['partly_read', 'below_expected_low', 'above_expected_high'], reasons))
      AND (day <= last_asked
           OR day < today
           OR NOT list_has_all(['no_listing_read', 'partly_read', 'below_expected_low',
                                'above_expected_high'], reasons))
    GROUP BY source_id
) AS unobserved USING (source_id)
WHERE days IS DISTINCT FROM expected OR NOT is_whole
