-- Holds: every page that was requested has one row, with the times of its first and last attempt.
SELECT source_id, url_hash, count(pages.source_id) AS rows
FROM (
    SELECT DISTINCT source_id, url_hash
    FROM added_captures
    SEMI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
    WHERE kind IN ('page', 'file')
) AS asked
LEFT JOIN touched_pages AS pages USING (source_id, url_hash)
GROUP BY source_id, url_hash
HAVING count(pages.source_id) <> 1 OR bool_or(first_attempt_at > last_attempt_at)
    OR any_value(first_attempt_at) IS NULL
