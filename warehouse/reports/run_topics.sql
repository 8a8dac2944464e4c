-- Grain: one topic, in the articles that a run brought or found revised.
WITH brought AS (
    SELECT DISTINCT article_id, version_no FROM captures
    WHERE run_id = $run_id AND outcome IN ('article', 'revised')
)
SELECT name, count(DISTINCT article_id) AS hits, count(article_id) AS mentions,
       (SELECT count(*) FROM brought) AS articles
FROM topics
LEFT JOIN (SELECT * FROM mentions SEMI JOIN brought USING (article_id, version_no)) AS mentions
    USING (topic_id)
WHERE valid_to IS NULL
GROUP BY topic_id, name
ORDER BY hits DESC, name
