-- Grain: one topic and period, over the sources with enough of a past; 0 is the period to $day, 1 the
-- one before it.
-- Filled in by warehouse/questions/usual.py.
--
-- expected is computed from each source's own rate, so that a new, missing or larger paper is no change
-- of attention.
WITH days AS (
    SELECT topic_id, source_id, day, ($day - day) // $length AS back,
           articles_with_mention AS hits, articles, articles_other_languages, estimated_published
    FROM (
        FROM topic_daily{local}
        -- A snapshot of 0.1 lacks these columns, days of all articles the second.
        UNION ALL BY NAME
        SELECT NULL::DOUBLE AS estimated_published, NULL::BIGINT AS articles_other_languages
        WHERE false
    )
    WHERE day BETWEEN $first_day AND $day
      AND (len($sources) = 0 OR list_contains($sources, source_id))
),
past AS (
    SELECT topic_id, source_id, sum(hits) AS hits, sum(articles) AS articles,
           count(articles) AS days_collected, count(estimated_published) AS days_estimated,
           sum(estimated_published) AS estimated_published,
           sum(coalesce(articles, 0) + coalesce(articles_other_languages, 0))
               FILTER (estimated_published IS NOT NULL) AS collected
    FROM days
    WHERE back > 0
    GROUP BY ALL
    -- A feed that was read without giving an article in the topic's languages has no rate. Counted in
    -- weeks, not days, since some papers are weeklies.
    HAVING count(articles) >= $min_days
       AND count(DISTINCT (day - $first_day) // 7) FILTER (articles > 0) >= $min_weeks
),
of_all AS (
    SELECT topic_id, sum(hits) / sum(articles) AS rate_of_all, count(*) AS past_sources,
           sum(days_collected) AS past_days_collected, sum(days_estimated) AS past_days_estimated,
           sum(estimated_published) AS past_published, sum(collected) AS past_collected
    FROM past
    GROUP BY topic_id
),
rated AS (
    SELECT topic_id, source_id, hits / articles AS rate,
           -- How uncertain the rate is: with few articles, as much as that of all sources.
           (hits + 20 * rate_of_all) / (articles + 20) / articles AS variance
    FROM past
    JOIN of_all USING (topic_id)
),
by_source AS (
    SELECT topic_id, source_id, back, sum(hits) AS hits, sum(articles) AS articles,
           any_value(rate) AS rate, any_value(variance) AS variance
    FROM days
    LEFT JOIN rated USING (topic_id, source_id)
    GROUP BY ALL
)
SELECT topic_id, back::INTEGER AS back,
       coalesce(sum(hits) FILTER (rate IS NOT NULL), 0)::BIGINT AS hits,
       coalesce(sum(articles) FILTER (rate IS NOT NULL), 0)::BIGINT AS articles,
       coalesce(sum(articles * rate), 0)::DOUBLE AS expected,
       -- Its variance, since the rates are estimated from few articles.
       coalesce(sum(articles * articles * variance), 0)::DOUBLE AS unknown,
       coalesce(list(source_id ORDER BY source_id) FILTER (rate IS NULL AND articles > 0), [])
           AS new_sources,
       -- The data behind the rates, over all periods of the past.
       coalesce(any_value(past_sources), 0)::BIGINT AS past_sources,
       any_value(past_days_collected)::BIGINT AS past_days_collected,
       any_value(past_days_estimated)::BIGINT AS past_days_estimated,
       any_value(past_published)::DOUBLE AS past_published,
       any_value(past_collected)::BIGINT AS past_collected
FROM by_source
LEFT JOIN of_all USING (topic_id)
GROUP BY topic_id, back
ORDER BY topic_id, back
