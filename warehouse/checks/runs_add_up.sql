-- Holds: each attempt of a run is counted once, as robots, a listing or a page, and each page by its result.
SELECT run_id, ledger.attempts, robots, listings, pages, articles, revised, unchanged, rejected,
       captured.attempts AS captures
FROM added_runs AS ledger
FULL JOIN (SELECT run_id, count(*) AS attempts FROM run_captures GROUP BY run_id) AS captured
    USING (run_id)
WHERE ledger.attempts IS DISTINCT FROM coalesce(captured.attempts, 0)
   OR ledger.attempts <> robots + listings + pages
   OR pages <> articles + revised + unchanged + rejected
