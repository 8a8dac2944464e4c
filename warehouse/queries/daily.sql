-- Grain: one topic, source and day, of the last $days days up to the last with articles.
-- `variation` is the source's, as in topic_dispersion.
WITH last AS (SELECT max(day) AS day FROM topic_daily{local} WHERE articles > 0)
SELECT t.name AS topic, s.name AS source,
       d.day, d.articles_with_mention AS hits, d.mentions, d.articles, variation
FROM topic_daily{local} d
JOIN last ON d.day BETWEEN last.day - $days::INTEGER + 1 AND last.day
JOIN topics t ON t.topic_id = d.topic_id AND t.valid_to IS NULL
JOIN sources s USING (source_id)
LEFT JOIN topic_dispersion{local} v ON v.topic_id = d.topic_id AND v.source_id = d.source_id
ORDER BY topic, source, day
