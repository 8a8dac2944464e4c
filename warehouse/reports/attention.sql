-- Grain: one topic and period, over all sources: sum over sum of the source-days that were collected.
SELECT topic_id, greatest(date_trunc($unit, day)::DATE, $first_day) AS period,
       max(day) + 1 AS period_end,
       sum(articles_with_mention) AS hits, sum(articles) AS articles, sum(mentions) AS mentions,
       hits / nullif(sum(articles), 0) AS share,
       count(articles) AS days_collected, count(*) AS days
FROM topic_daily
WHERE day BETWEEN $first_day AND $last_day
GROUP BY topic_id, date_trunc($unit, day)
ORDER BY topic_id, period
