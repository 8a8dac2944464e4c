-- Holds: what went into a run is what came out of it and what was rejected.
SELECT run_id, runs.attempts, robots, listings, pages, articles, revised, unchanged, rejected,
       captured.attempts AS captures
FROM runs
FULL JOIN (SELECT run_id, count(*) AS attempts FROM captures GROUP BY run_id) AS captured
    USING (run_id)
WHERE runs.attempts IS DISTINCT FROM coalesce(captured.attempts, 0)
   OR runs.attempts <> robots + listings + pages
   OR pages <> articles + revised + unchanged + rejected
