-- Grain: one source, over the days of the report.
WITH days AS (
    FROM coverage{local}
    -- A snapshot of an earlier version lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS estimated_lost, NULL::DOUBLE AS estimated_published,
           NULL::BIGINT AS undated
    WHERE false
),
judged AS (
    SELECT days.*,
           -- As in coverage.sql.
           state <> 'observed' AND gap.day IS NULL AS is_first_or_last
    FROM days
    LEFT JOIN (
        SELECT source_id, unnest(range(first_day, last_day + 1, INTERVAL 1 DAY))::DATE AS day
        FROM coverage_gaps{local}
    ) AS gap USING (source_id, day)
)
SELECT sources.name AS source,
       sum(extracted)::BIGINT AS articles,
       coalesce(sum(undated), 0)::BIGINT AS undated,
       sum(failed + coalesce(estimated_lost, 0))
           FILTER (failed > 0 OR estimated_published IS NOT NULL) AS lost,
       count(*) FILTER (NOT is_first_or_last
                        AND (failed > 0 OR estimated_published IS NOT NULL)) AS days_of_lost,
       sum(estimated_published) AS estimated_published,
       if(sum(estimated_published) = 0, 1,
          sum(extracted) FILTER (estimated_published IS NOT NULL) / sum(estimated_published))
           AS completeness,
       count(*) FILTER (NOT is_first_or_last) AS days,
       count(*) FILTER (state = 'observed') AS days_observed,
       count(*) FILTER (state = 'partial' AND NOT is_first_or_last) AS days_partial,
       count(*) FILTER (state = 'missing' AND NOT is_first_or_last) AS days_missing,
       count(estimated_published) FILTER (NOT is_first_or_last) AS days_estimated,
       max(day) FILTER (list_contains(reasons, 'listing_rolled_over')) AS rolled_over_on,
       list_mode(flatten(list(reasons ORDER BY day)
           FILTER (state <> 'observed' AND NOT is_first_or_last))) AS main_reason
FROM judged
JOIN sources USING (source_id)
WHERE day BETWEEN $first_day AND $last_day
GROUP BY source_id, sources.name
ORDER BY source
