-- Holds: a capture has one known outcome; `fetched` is not a final one.
SELECT capture_id, kind, outcome
FROM added_captures
ANTI JOIN outcomes USING (outcome)
UNION ALL
SELECT capture_id, kind, outcome
FROM added_captures
WHERE kind IS NULL OR kind NOT IN ('robots', 'listing', 'page', 'file', 'index')
   OR (outcome IN ('article', 'revised', 'unchanged') AND kind NOT IN ('page', 'file'))
