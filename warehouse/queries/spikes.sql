-- Grain: one day on which a topic was far above its own past.
-- Reads: topic_spikes{local}
SELECT topic_id, day, articles_with_mention AS hits, articles, share::DOUBLE AS share,
       expected::DOUBLE AS expected, threshold, false_alarms_per_year, headlines
FROM (
    FROM topic_spikes{local}
    -- A snapshot of 0.1 lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::BIGINT AS threshold, NULL::DOUBLE AS false_alarms_per_year WHERE false
)
WHERE day BETWEEN $first_day AND $last_day
ORDER BY topic_id, day DESC
