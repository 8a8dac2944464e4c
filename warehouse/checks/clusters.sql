-- Holds: articles of one text share the id of its original, which is in the cluster itself.
SELECT article_id, duplicate_of, cluster_id
FROM touched_articles
WHERE cluster_id IS DISTINCT FROM coalesce(duplicate_of, article_id)
