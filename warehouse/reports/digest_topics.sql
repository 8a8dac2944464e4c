-- Grain: one topic that counts today.
-- Reads: topic_daily{local}
WITH counted AS (
    SELECT topic_id,
           coalesce(sum(articles_with_mention) FILTER (day >= $first_day), 0)::BIGINT AS found,
           sum(articles_with_mention) FILTER (day < $first_day)::DOUBLE
               / nullif(count(DISTINCT day) FILTER (day < $first_day
                                                    AND articles_with_mention IS NOT NULL), 0)
               * ($last_day - $first_day + 1) AS usual
    FROM topic_daily{local}
    WHERE day BETWEEN $first_day - 28 AND $last_day
    GROUP BY topic_id
),
spiked AS (
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
SELECT name, coalesce(found, 0) AS found, usual, coalesce(days, []) AS spikes
FROM topics
LEFT JOIN counted USING (topic_id)
LEFT JOIN spiked USING (topic_id)
WHERE valid_to IS NULL
ORDER BY len(spikes) DESC, name
