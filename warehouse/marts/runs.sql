-- Grain: one run, counted from its captures.
-- Key: run_id
-- Touched by: DISTINCT run_id FROM new_runs
WITH committed AS (
    SELECT run_id, min(sequence) AS sequence, any_value(flow) AS flow,
           min(started_at) AS started_at, max(finished_at) AS finished_at,
           arg_max(extractor_version, sequence) AS extractor_version,
           list_sort(list_distinct(flatten(list(warcs)))) AS warcs,
           sum(attempts)::BIGINT AS attempts
    FROM commits
    SEMI JOIN touched USING (run_id)
    GROUP BY run_id
)
SELECT committed.*,
       count(capture_id) FILTER (kind = 'robots') AS robots,
       count(capture_id) FILTER (kind IN ('listing', 'index')) AS listings,
       count(capture_id) FILTER (
           kind IN ('listing', 'index') AND class <> 'listing' AND found_in IS DISTINCT FROM 'recovery'
       ) AS listings_failed,
       count(capture_id) FILTER (kind IN ('page', 'file')) AS pages,
       count(capture_id) FILTER (outcome = 'article') AS articles,
       count(capture_id) FILTER (outcome = 'revised') AS revised,
       count(capture_id) FILTER (
           outcome = 'unchanged' OR (outcome = 'not_modified' AND kind IN ('page', 'file'))
       ) AS unchanged,
       count(capture_id) FILTER (
           kind IN ('page', 'file') AND class NOT IN ('article', 'listing')) AS rejected
FROM committed
LEFT JOIN run_captures USING (run_id)
LEFT JOIN outcomes USING (outcome)
GROUP BY ALL
