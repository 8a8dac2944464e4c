-- Grain: one configured source of which a listing rolled over between two reads.
-- Reads: captures
--
-- The last day, or the last read of a listing: a source that is read once a day would otherwise be
-- found again and again.
WITH reads AS (
    SELECT source_id, url_requested, detail, attempted_at,
           detail LIKE 'rolled over:%' AS is_rolled_over,
           max(attempted_at) OVER (PARTITION BY source_id, url_requested) AS last_read_at
    FROM captures
    WHERE kind = 'listing' AND outcome IN ('listed', 'not_modified')
)
SELECT source_id, name, min(attempted_at) AS since,
       list_sort(list_distinct(list(concat(url_requested, ' (', detail, ')')))) AS listings
FROM reads
JOIN sources USING (source_id)
WHERE is_configured AND is_rolled_over
  AND (attempted_at > $now - INTERVAL 1 DAY OR attempted_at = last_read_at)
GROUP BY source_id, name
ORDER BY source_id
