-- Holds: every page that was asked for is there once, and says when it was first and last asked for.
SELECT source_id, url_hash, count(pages.source_id) AS rows
FROM (
    SELECT DISTINCT source_id, url_hash
    FROM added_captures
    WHERE kind IN ('page', 'file') AND NOT starts_with(source_id, 'archive-')
) AS asked
LEFT JOIN touched_pages AS pages USING (source_id, url_hash)
GROUP BY source_id, url_hash
HAVING count(pages.source_id) <> 1 OR bool_or(first_attempt_at > last_attempt_at)
    OR any_value(first_attempt_at) IS NULL
