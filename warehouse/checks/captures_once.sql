-- Holds: a capture has one row.
SELECT capture_id, count(*) AS rows
FROM run_captures
GROUP BY capture_id
HAVING count(*) > 1
