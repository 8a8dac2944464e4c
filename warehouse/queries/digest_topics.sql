-- Grain: one topic that counts today, with its spikes.
-- Reads: topic_spikes{local}
WITH spiked AS (
    SELECT topic_id, list(struct_pack(day := day, hits := articles_with_mention,
                                      threshold := threshold) ORDER BY day) AS days
    -- A snapshot of 0.1 lacks the threshold.
    FROM (
        FROM topic_spikes{local}
        UNION ALL BY NAME SELECT NULL::BIGINT AS threshold WHERE false
    )
    WHERE day BETWEEN $first_day AND $last_day
    GROUP BY topic_id
)
SELECT topic_id, name, coalesce(days, []) AS spikes
FROM topics
LEFT JOIN spiked USING (topic_id)
WHERE valid_to IS NULL
ORDER BY len(spikes) DESC, name
