-- Grain: one topic with its share in the days that the report tells of, and in the last seven.
SELECT topic_id, name, aliases,
       sum(articles_with_mention)::BIGINT AS hits, sum(d.articles)::BIGINT AS articles,
       sum(mentions) AS mentions,
       -- Without copies, as topic_pairs counts.
       sum(articles_with_mention_original) AS original_hits, sum(articles_original) AS originals,
       hits / nullif(sum(d.articles), 0) AS share,
       sum(articles_with_mention) FILTER (is_late) AS late_hits,
       sum(d.articles) FILTER (is_late) AS late_articles,
       sum(articles_with_mention) FILTER (is_late)
           / nullif(sum(d.articles) FILTER (is_late), 0) AS late_share
FROM (SELECT *, day > $last_day - 7 AS is_late FROM topic_daily{local}) AS d
JOIN topics USING (topic_id)
WHERE valid_to IS NULL AND day BETWEEN $first_day AND $last_day
GROUP BY ALL
ORDER BY hits DESC NULLS LAST, name
