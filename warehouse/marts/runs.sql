-- Grain: one run, counted from its captures.
-- Key: run_id
-- Touched by: run_id FROM new_runs
SELECT new_runs.*,
       count(capture_id) FILTER (kind = 'robots') AS robots,
       count(capture_id) FILTER (kind = 'listing') AS listings,
       count(capture_id) FILTER (kind = 'listing' AND class <> 'listing') AS listings_failed,
       count(capture_id) FILTER (kind IN ('page', 'file')) AS pages,
       count(capture_id) FILTER (outcome = 'article') AS articles,
       count(capture_id) FILTER (outcome = 'revised') AS revised,
       count(capture_id) FILTER (
           outcome = 'unchanged' OR (outcome = 'not_modified' AND kind IN ('page', 'file'))
       ) AS unchanged,
       count(capture_id) FILTER (
           kind IN ('page', 'file') AND class NOT IN ('article', 'listing')) AS rejected
FROM new_runs
LEFT JOIN added_captures USING (run_id)
LEFT JOIN outcomes USING (outcome)
GROUP BY ALL
