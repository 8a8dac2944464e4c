-- Grain: one source and period.
WITH days AS (
    FROM coverage{local}
    -- A snapshot of 0.1 lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS hours_read, NULL::DOUBLE AS estimated_lost, NULL::DOUBLE AS completeness,
           NULL::DOUBLE AS estimated_published, NULL::BIGINT AS undated
    WHERE false
),
judged AS (
    SELECT days.*,
           -- Collecting began within the first day, and the last day has not ended: coverage_gaps leaves
           -- them out.
           state <> 'observed' AND gap.day IS NULL AS is_first_or_last
    FROM days
    LEFT JOIN (
        SELECT source_id, unnest(range(first_day, last_day + 1, INTERVAL 1 DAY))::DATE AS day
        FROM coverage_gaps{local}
    ) AS gap USING (source_id, day)
)
SELECT source_id, sources.name AS source,
       greatest(date_trunc($unit, day)::DATE, $first_day) AS period, max(day) + 1 AS period_end,
       count(*) FILTER (NOT is_first_or_last) AS whole_days,
       -- As in the charts of topics, where a period is pale if less than 80 % was collected.
       CASE WHEN whole_days = 0 THEN 'first or last day'
            WHEN bool_and(state = 'missing') THEN 'missing'
            WHEN count(*) FILTER (state = 'observed' AND NOT is_first_or_last) >= 0.8 * whole_days
            THEN 'observed'
            ELSE 'partial' END AS state,
       sum(extracted)::BIGINT AS articles, sum(failed)::BIGINT AS failed,
       coalesce(sum(undated), 0)::BIGINT AS undated,
       sum(listings_failed)::BIGINT AS listings_failed, avg(hours_read) AS hours_read,
       sum(estimated_lost) AS estimated_lost,
       sum(failed + coalesce(estimated_lost, 0))
           FILTER (failed > 0 OR estimated_published IS NOT NULL) AS lost,
       count(*) FILTER (failed > 0 OR estimated_published IS NOT NULL) AS days_of_lost,
       -- As in collected.sql.
       if(sum(estimated_published) = 0, 1,
          sum(extracted) FILTER (estimated_published IS NOT NULL) / sum(estimated_published))
           AS completeness,
       count(estimated_published) AS days_estimated, count(*) AS days,
       flatten(list(reasons ORDER BY day)) AS reasons
FROM judged
JOIN sources USING (source_id)
WHERE day BETWEEN $first_day AND $last_day
GROUP BY source_id, sources.name, date_trunc($unit, day)
ORDER BY source, period
