-- Grain: one topic, source and period.
SELECT topic_id, sources.name AS source,
       greatest(date_trunc($unit, day)::DATE, $first_day) AS period, max(day) + 1 AS period_end,
       sum(articles_with_mention) AS hits, sum(d.articles) AS articles,
       hits / nullif(sum(d.articles), 0) AS share,
       count(d.articles) AS days_collected
FROM topic_daily AS d
JOIN sources USING (source_id)
WHERE day BETWEEN $first_day AND $last_day
GROUP BY topic_id, source_id, sources.name, date_trunc($unit, day)
ORDER BY topic_id, source, period
