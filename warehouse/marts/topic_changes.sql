-- Grain: one month of articles in which a topic was counted again under another definition.
-- Key: topic_id, new_version
-- Touched by: topic_id, new_version FROM replaced_topics
--
-- Each version counts among the articles in its languages, as topic_daily does.
SELECT hits.topic_id, old_version, new_version,
       date_trunc('month', published_date)::DATE AS period,
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
JOIN topics ON topics.topic_id = hits.topic_id
    AND topic_version = if(is_old, old_version, new_version)
WHERE counts_in(languages, articles.language)
GROUP BY ALL
ORDER BY hits.topic_id, period
