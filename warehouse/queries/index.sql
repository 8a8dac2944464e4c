-- Grain: one topic, period and series of the attention index, as it was last computed.
-- Reads: attention_index_latest{local}
WITH index AS (
    FROM attention_index_latest{local}
    -- A snapshot of a version before 0.2 lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS log_linear, NULL::DOUBLE AS log_linear_low,
           NULL::DOUBLE AS log_linear_high, NULL::DOUBLE AS gap_robust_low,
           NULL::DOUBLE AS gap_robust_high, NULL::DOUBLE AS epu_low, NULL::DOUBLE AS epu_high
    WHERE false
)
SELECT topic_id, greatest(period, $first_day) AS period, bounds.series AS series, bounds.value AS value, bounds.low AS low,
       bounds.high AS high
FROM (
    SELECT topic_id, period, unnest([
        {'series': 'gap_robust', 'value': gap_robust::DOUBLE, 'low': gap_robust_low,
         'high': gap_robust_high},
        {'series': 'log_linear', 'value': log_linear, 'low': log_linear_low,
         'high': log_linear_high},
        {'series': 'epu', 'value': epu::DOUBLE, 'low': epu_low, 'high': epu_high}]) AS bounds
    FROM index
    WHERE period_kind = $unit AND period BETWEEN date_trunc($unit, $first_day::DATE)::DATE AND $last_day
)
WHERE bounds.value IS NOT NULL
ORDER BY topic_id, series, period
