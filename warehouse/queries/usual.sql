-- Grain: one topic and period, over the sources with enough of a past; 0 is the period to $day, 1 the
-- one before it.
-- Filled in by warehouse/questions/usual.py.
--
-- expected is of each source's own rate, so that a paper that is new, missing or larger than before
-- is no change of attention. The rates are shrunk to that of all by 20 articles, as in the spikes.
WITH by_source AS (
    SELECT topic_id, source_id, ($day - day) // $length AS back,
           sum(articles_with_mention) AS hits, sum(articles) AS articles,
           count(articles) AS days_collected
    FROM topic_daily{local}
    WHERE day BETWEEN $first_day AND $day
      AND (len($sources) = 0 OR list_contains($sources, source_id))
    GROUP BY ALL
),
past AS (
    SELECT topic_id, source_id, coalesce(sum(hits), 0) AS hits, coalesce(sum(articles), 0) AS articles
    FROM by_source
    WHERE back > 0
    GROUP BY ALL
    HAVING count(*) FILTER (days_collected > 0) >= $least
),
of_all AS (
    SELECT topic_id, sum(hits) / nullif(sum(articles), 0) AS rate FROM past GROUP BY topic_id
),
rated AS (
    SELECT topic_id, source_id, (hits + 20 * rate) / (articles + 20) AS rate,
           greatest(articles, 20) AS known_from
    FROM past
    JOIN of_all USING (topic_id)
)
SELECT topic_id, back::INTEGER AS back, coalesce(sum(hits), 0)::BIGINT AS hits,
       coalesce(sum(articles), 0)::BIGINT AS articles,
       coalesce(sum(articles * rate), 0)::DOUBLE AS expected,
       -- What is not known of it, since a rate is known from so many articles only.
       coalesce(sum(articles * rate * articles / known_from), 0)::DOUBLE AS unknown
FROM by_source
JOIN rated USING (topic_id, source_id)
GROUP BY topic_id, back
ORDER BY topic_id, back
