-- Holds: the versions a run added are the pages it counts as articles and revised.
SELECT run_id, articles, revised, versions
FROM added_runs
FULL JOIN (
    SELECT run_id, count(*) AS versions FROM run_article_versions GROUP BY run_id
) AS added USING (run_id)
WHERE articles + revised IS DISTINCT FROM coalesce(versions, 0)
