-- Grain: one topic that counts today.
-- Reads: topic_daily{local}
--
-- found is NULL where nothing was collected. usual is of the sources' own days before: one that is new, or
-- was away, is no change of attention; of_new is what sources without such days brought.
WITH by_source AS (
    SELECT topic_id, source_id,
           sum(articles_with_mention) FILTER (day >= $first_day) AS found,
           count(articles_with_mention) FILTER (day >= $first_day) AS days,
           sum(articles_with_mention) FILTER (day < $first_day) AS found_before,
           count(articles_with_mention) FILTER (day < $first_day) AS days_before
    FROM topic_daily{local}
    WHERE day BETWEEN $first_day - 28 AND $last_day
    GROUP BY topic_id, source_id
),
counted AS (
    SELECT topic_id, sum(found)::BIGINT AS found,
           coalesce(sum(found) FILTER (days_before = 0), 0)::BIGINT AS of_new,
           sum(found_before * days / days_before) FILTER (days_before > 0)::DOUBLE AS usual
    FROM by_source
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
SELECT name, found, coalesce(of_new, 0) AS of_new, usual, coalesce(days, []) AS spikes
FROM topics
LEFT JOIN counted USING (topic_id)
LEFT JOIN spiked USING (topic_id)
WHERE valid_to IS NULL
ORDER BY len(spikes) DESC, name
