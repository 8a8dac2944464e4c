-- Grain: one pair of topics that come up in the same articles, and how many would by chance.
WITH hits AS (
    SELECT DISTINCT topic_id, article_id
    FROM mentions
    JOIN articles USING (article_id, version_no)
    WHERE published_date BETWEEN $first_day AND $last_day
),
topic AS (
    SELECT topic_id, any_value(name) AS name, count(*) AS articles
    FROM hits JOIN topics USING (topic_id) WHERE valid_to IS NULL GROUP BY topic_id
),
total AS (
    SELECT count(*) AS articles FROM articles
    WHERE published_date BETWEEN $first_day AND $last_day
)
SELECT one.name AS first_topic, other.name AS second_topic,
       count(*) AS together, one.articles AS first_articles, other.articles AS second_articles,
       one.articles * other.articles / total.articles AS expected,
       together / expected AS lift
FROM hits AS a
JOIN hits AS b ON b.article_id = a.article_id AND b.topic_id > a.topic_id
JOIN topic AS one ON one.topic_id = a.topic_id
JOIN topic AS other ON other.topic_id = b.topic_id
CROSS JOIN total
GROUP BY a.topic_id, b.topic_id, one.name, other.name, one.articles, other.articles, total.articles
ORDER BY together DESC, lift DESC
LIMIT 20
