-- Holds: a polled source has one row; its failures in a row are the polls that failed after its last
-- good one; it is skipped only after as many of them as the rule in breaker sets, and no longer than it sets.
WITH failed AS (
    SELECT source_id, count(*) AS failures, max(failed_at) AS failed_at
    FROM polls
    WHERE ended IN ('failed', 'fell_silent') AND sequence > coalesce((
        SELECT max(sequence) FROM polls AS good
        WHERE good.source_id = polls.source_id AND ended = 'read'), 0)
    GROUP BY source_id
)
SELECT source_id, rows, failures, failures_in_a_row, failed_at, open_until
FROM (SELECT source_id FROM sources)
FULL JOIN (SELECT *, count(*) OVER (PARTITION BY source_id) AS rows FROM source_polls)
    USING (source_id)
LEFT JOIN failed USING (source_id)
LEFT JOIN breaker ON true
WHERE rows > 1
   OR (rows IS NULL) <> (source_id NOT IN (SELECT source_id FROM polls))
   OR failures_in_a_row <> coalesce(failures, 0)
   OR rows = 1 AND (open_until IS NOT NULL) IS DISTINCT FROM failures_in_a_row >= opens_after
   OR open_until > last_failure_at + longest_pause
