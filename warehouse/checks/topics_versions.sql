-- Holds: a topic's versions are numbered from 1, at most the last of them counts.
SELECT topic_id, count(*) AS rows, max(topic_version) AS highest
FROM topics
GROUP BY topic_id
HAVING count(*) <> max(topic_version) OR count(DISTINCT topic_version) <> count(*)
    OR count(*) FILTER (valid_to IS NULL) > 1
    OR (count(*) FILTER (valid_to IS NULL) = 1
        AND max(topic_version) FILTER (valid_to IS NULL) <> max(topic_version))
