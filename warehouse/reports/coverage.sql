-- Grain: one source and day of the last ninety.
WITH days AS (
    FROM coverage
    -- A snapshot of 0.1 lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS hours_read, NULL::DOUBLE AS estimated_lost, NULL::DOUBLE AS completeness
    WHERE false
)
SELECT source_id, sources.name AS source, day, day + 1 AS day_end,
       -- Collecting began within the first day, and the last day has not ended.
       if((day = min(day) OVER paper OR day >= max(day) FILTER (listings_read > 0) OVER paper)
              AND list_has_any(['partly_read', 'no_listing_read'], reasons)
              AND list_has_all(['partly_read', 'no_listing_read', 'below_expected_low'], reasons),
          'first or last day', state) AS state,
       extracted AS articles, failed, listings_failed, hours_read, estimated_lost, completeness,
       reasons
FROM days
JOIN sources USING (source_id)
WINDOW paper AS (PARTITION BY source_id)
QUALIFY day BETWEEN greatest($first_day, $last_day - 89) AND $last_day
ORDER BY source, day
