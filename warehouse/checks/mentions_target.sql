-- Holds: a mention points to a version that exists and to a topic version that counts.
SELECT article_id, version_no, topic_id, topic_version
FROM touched_mentions
ANTI JOIN (
    SELECT article_id, version_no FROM touched_article_versions
) AS versions USING (article_id, version_no)
UNION ALL
SELECT article_id, version_no, topic_id, topic_version
FROM touched_mentions
ANTI JOIN (
    SELECT topic_id, topic_version FROM topics WHERE valid_to IS NULL
) AS counted USING (topic_id, topic_version)
