-- Grain: one topic and period, over all sources: sum over sum of the source-days that were collected.
WITH days AS (
    FROM topic_daily{local}
    -- A snapshot of 0.1 lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS estimated_published, NULL::BIGINT AS articles_other_languages
    WHERE false
),
by_source AS (
    SELECT topic_id, source_id, date_trunc($unit, day)::DATE AS period, max(day) + 1 AS period_end,
           sum(articles_with_mention) AS hits, sum(articles) AS articles,
           -- As in series.sql.
           any_value(variation) * pow(sum(articles_with_mention), 2) * sum(articles * articles)
               / nullif(pow(sum(articles), 2), 0) AS excess,
           -- A missing day has no count of articles, but its loss may be known.
           sum(coalesce(articles, 0) + coalesce(articles_other_languages, 0))
               FILTER (estimated_published IS NOT NULL) AS collected,
           sum(estimated_published) AS published,
           count(articles) AS days_collected, count(estimated_published) AS days_estimated,
           count(*) AS days
    FROM days
    LEFT JOIN topic_dispersion{local} USING (topic_id, source_id)
    WHERE day BETWEEN $first_day AND $last_day
    GROUP BY topic_id, source_id, date_trunc($unit, day)
)
SELECT topic_id, greatest(period, $first_day) AS period, max(period_end) AS period_end,
       sum(hits)::BIGINT AS hits, sum(articles)::BIGINT AS articles,
       sum(hits) / nullif(sum(articles), 0) AS share, sum(excess) AS excess,
       if(sum(published) = 0, 1, sum(collected) / sum(published)) AS completeness,
       sum(days_collected)::BIGINT AS days_collected, sum(days_estimated)::BIGINT AS days_estimated,
       sum(days)::BIGINT AS days
FROM by_source
GROUP BY ALL
ORDER BY topic_id, period
