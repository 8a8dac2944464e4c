-- Grain: one pair of topics that come up in the same articles, with the number expected by chance.
SELECT one.name AS first_topic, other.name AS second_topic,
       sum(articles_both) AS together, sum(articles_a) AS first_articles,
       sum(articles_b) AS second_articles,
       first_articles * second_articles / sum(p.articles) AS expected,
       together / expected AS lift
FROM topic_pairs AS p
JOIN topics AS one ON one.topic_id = topic_a AND one.valid_to IS NULL
JOIN topics AS other ON other.topic_id = topic_b AND other.valid_to IS NULL
WHERE period_kind = 'month'
    AND period BETWEEN date_trunc('month', $first_day) AND $last_day
GROUP BY topic_a, topic_b, one.name, other.name
HAVING together > 0
ORDER BY together DESC, lift DESC, first_topic, second_topic
LIMIT 20
