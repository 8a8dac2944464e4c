-- Grain: one topic, period and series of the attention index, as it was last computed.
-- Reads: attention_index_latest
SELECT topic_id, period, series, value::DOUBLE AS value
FROM (
    SELECT topic_id, period, gap_robust, epu
    FROM attention_index_latest
    WHERE period_kind = $unit AND period BETWEEN $first_day AND $last_day
)
UNPIVOT (value FOR series IN (gap_robust, epu))
ORDER BY topic_id, series, period
