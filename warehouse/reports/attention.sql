-- Grain: one topic and period, over all sources: sum over sum of the source-days that were collected.
WITH days AS (
    FROM topic_daily{local}
    -- A snapshot of 0.1 lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS estimated_published, NULL::BIGINT AS articles_other_languages
    WHERE false
)
SELECT topic_id, greatest(date_trunc($unit, day)::DATE, $first_day) AS period,
       max(day) + 1 AS period_end,
       sum(articles_with_mention)::BIGINT AS hits, sum(articles)::BIGINT AS articles,
       hits / nullif(sum(articles), 0) AS share,
       -- A missing day has no count of articles, yet what it lost may be known.
       if(sum(estimated_published) = 0, 1,
          sum(coalesce(articles, 0) + coalesce(articles_other_languages, 0))
              FILTER (estimated_published IS NOT NULL)
              / sum(estimated_published)) AS completeness,
       count(articles) AS days_collected, count(*) AS days
FROM days
WHERE day BETWEEN $first_day AND $last_day
GROUP BY topic_id, date_trunc($unit, day)
ORDER BY topic_id, period
