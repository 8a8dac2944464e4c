-- Holds: articles with the same text have the id of their original, which is itself in the cluster.
SELECT article_id, duplicate_of, cluster_id
FROM touched_articles
WHERE cluster_id IS DISTINCT FROM coalesce(duplicate_of, article_id)
