-- Grain: one month of articles in which a topic was counted again under another definition.
-- Adds the topics of `replaced_topics`: `mentions_before` are those of their old versions.
DELETE FROM topic_changes
USING replaced_topics
WHERE topic_changes.topic_id = replaced_topics.topic_id
  AND topic_changes.new_version = replaced_topics.new_version;

INSERT INTO topic_changes BY NAME
SELECT topic_id, old_version, new_version, date_trunc('month', published_date)::DATE AS period,
       count(DISTINCT article_id) FILTER (is_old) AS articles_before,
       count(DISTINCT article_id) FILTER (NOT is_old) AS articles_after,
       count(*) FILTER (is_old) AS mentions_before,
       count(*) FILTER (NOT is_old) AS mentions_after,
       load_no, changed_at
FROM (
    SELECT topic_id, article_id, version_no, true AS is_old FROM mentions_before
    UNION ALL
    SELECT topic_id, article_id, version_no, false FROM mentions
) AS hits
JOIN replaced_topics USING (topic_id)
JOIN articles USING (article_id, version_no)
GROUP BY ALL
ORDER BY topic_id, period;
