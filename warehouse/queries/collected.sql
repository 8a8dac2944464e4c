-- Grain: one source, over the days of the report.
WITH days AS (
    FROM coverage{local}
    -- A snapshot of 0.1 lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS estimated_lost, NULL::DOUBLE AS estimated_published WHERE false
),
judged AS (
    SELECT *,
           -- As in coverage.sql.
           (day = min(day) OVER paper OR day >= max(day) FILTER (listings_read > 0) OVER paper)
               AND list_has_any(['partly_read', 'no_listing_read'], reasons)
               AND list_has_all(['partly_read', 'no_listing_read', 'below_expected_low'], reasons)
               AS is_first_or_last
    FROM days
    WINDOW paper AS (PARTITION BY source_id)
)
SELECT sources.name AS source,
       sum(extracted)::BIGINT AS articles,
       sum(failed + coalesce(estimated_lost, 0))
           FILTER (failed > 0 OR estimated_published IS NOT NULL) AS lost,
       count(*) FILTER (is_first_or_last IS NOT TRUE
                        AND (failed > 0 OR estimated_published IS NOT NULL)) AS days_of_lost,
       sum(estimated_published) AS estimated_published,
       if(sum(estimated_published) = 0, 1,
          sum(extracted) FILTER (estimated_published IS NOT NULL) / sum(estimated_published))
           AS completeness,
       count(*) FILTER (is_first_or_last IS NOT TRUE) AS days,
       count(*) FILTER (state = 'observed') AS days_observed,
       count(*) FILTER (state = 'partial' AND is_first_or_last IS NOT TRUE) AS days_partial,
       count(*) FILTER (state = 'missing' AND is_first_or_last IS NOT TRUE) AS days_missing,
       count(estimated_published) FILTER (is_first_or_last IS NOT TRUE) AS days_estimated,
       max(day) FILTER (list_contains(reasons, 'listing_rolled_over')) AS rolled_over_on,
       list_mode(flatten(list(reasons ORDER BY day)
           FILTER (state <> 'observed' AND is_first_or_last IS NOT TRUE))) AS main_reason
FROM judged
JOIN sources USING (source_id)
WHERE day BETWEEN $first_day AND $last_day
GROUP BY source_id, sources.name
ORDER BY source
