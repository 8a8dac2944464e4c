-- Holds: a capture is there once.
SELECT capture_id, count(*) AS rows
FROM captures
SEMI JOIN added_captures USING (capture_id)
GROUP BY capture_id
HAVING count(*) > 1
