-- Grain: one topic, in the new and revised articles of a run. Only mentions in the languages of the
-- topic count.
WITH brought AS (
    SELECT DISTINCT article_id, version_no, language
    FROM captures JOIN article_versions USING (article_id, version_no)
    WHERE captures.run_id = $run_id AND outcome IN ('article', 'revised')
)
SELECT name, count(DISTINCT mentions.article_id) AS hits, count(mentions.article_id) AS mentions,
       (SELECT count(*) FROM brought) AS articles
FROM topics
LEFT JOIN brought ON counts_in(languages, language)
LEFT JOIN mentions ON mentions.topic_id = topics.topic_id AND mentions.article_id = brought.article_id
    AND mentions.version_no = brought.version_no
WHERE valid_to IS NULL
GROUP BY topics.topic_id, name
ORDER BY hits DESC, name
