-- Holds: the versions a run brought are the pages it counts as articles and revised.
SELECT run_id, articles, revised, versions
FROM runs
FULL JOIN (SELECT run_id, count(*) AS versions FROM article_versions GROUP BY run_id) AS brought
    USING (run_id)
WHERE runs.articles + runs.revised IS DISTINCT FROM coalesce(versions, 0)
