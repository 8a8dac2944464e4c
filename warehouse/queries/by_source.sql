-- Grain: one topic, source and period.
WITH days AS (
    FROM topic_daily{local}
    -- A snapshot of 0.1 lacks these columns.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS estimated_published, NULL::BIGINT AS articles_other_languages
    WHERE false
)
SELECT topic_id, sources.name AS source,
       greatest(date_trunc($unit, day)::DATE, $first_day) AS period, max(day) + 1 AS period_end,
       sum(articles_with_mention)::BIGINT AS hits, sum(d.articles)::BIGINT AS articles,
       hits / nullif(sum(d.articles), 0) AS share,
       -- As in series.sql.
       any_value(variation) * pow(sum(articles_with_mention), 2) * sum(d.articles * d.articles)
           / nullif(pow(sum(d.articles), 2), 0) AS excess,
       -- As in attention.sql.
       if(sum(estimated_published) = 0, 1,
          sum(coalesce(d.articles, 0) + coalesce(articles_other_languages, 0))
              FILTER (estimated_published IS NOT NULL)
              / sum(estimated_published)) AS completeness,
       count(d.articles) AS days_collected, count(estimated_published) AS days_estimated,
       count(*) AS days
FROM days AS d
JOIN sources USING (source_id)
LEFT JOIN topic_dispersion{local} USING (topic_id, source_id)
WHERE day BETWEEN $first_day AND $last_day
GROUP BY topic_id, source_id, sources.name, date_trunc($unit, day)
ORDER BY topic_id, source, period
