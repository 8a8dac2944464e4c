-- Grain: one topic with its share in the days of the report, and in the seven days up to the last
-- whole one.
WITH by_source AS (
    SELECT topic_id, source_id,
           sum(articles_with_mention) AS hits, sum(articles) AS articles, sum(mentions) AS mentions,
           sum(articles_with_mention_original) AS original_hits,
           sum(articles_original) AS originals,
           -- As in series.sql.
           any_value(variation) * pow(sum(articles_with_mention), 2) * sum(articles * articles)
               / nullif(pow(sum(articles), 2), 0) AS excess,
           sum(articles_with_mention) FILTER (is_late) AS late_hits,
           sum(articles) FILTER (is_late) AS late_articles,
           any_value(variation) * pow(sum(articles_with_mention) FILTER (is_late), 2)
               * sum(articles * articles) FILTER (is_late)
               / nullif(pow(sum(articles) FILTER (is_late), 2), 0) AS late_excess
    FROM (SELECT *, day BETWEEN $last_whole_day - 6 AND $last_whole_day AS is_late FROM topic_daily{local})
    LEFT JOIN topic_dispersion{local} USING (topic_id, source_id)
    WHERE day BETWEEN $first_day AND $last_day
    GROUP BY topic_id, source_id
)
SELECT topic_id, name, aliases,
       sum(hits)::BIGINT AS hits, sum(articles)::BIGINT AS articles, sum(mentions) AS mentions,
       -- Without copies, as topic_pairs counts.
       sum(original_hits) AS original_hits, sum(originals) AS originals,
       sum(hits) / nullif(sum(articles), 0) AS share, sum(excess) AS excess,
       sum(late_hits)::BIGINT AS late_hits, sum(late_articles)::BIGINT AS late_articles,
       sum(late_hits) / nullif(sum(late_articles), 0) AS late_share, sum(late_excess) AS late_excess
FROM by_source
JOIN topics USING (topic_id)
WHERE valid_to IS NULL
GROUP BY ALL
ORDER BY 4 DESC NULLS LAST, name
