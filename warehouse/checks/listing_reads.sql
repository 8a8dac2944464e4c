-- Holds: each capture of a listing that was read has one row, and covers no time after the read or
-- before the previous one.
SELECT capture_id, is_captured, reads.*
FROM (SELECT *, count(*) OVER (PARTITION BY capture_id) AS rows FROM added_listing_reads) AS reads
FULL JOIN (
    SELECT capture_id, true AS is_captured
    FROM run_captures
    JOIN outcomes USING (outcome)
    WHERE kind = 'listing' AND class = 'listing' AND listing.kind IS DISTINCT FROM 'sitemap_index'
) AS captured USING (capture_id)
WHERE is_captured IS NULL OR rows IS DISTINCT FROM 1 OR covers_from > covers_until
   OR covers_from < previous_read_at OR estimated_lost < 0
   OR (lost_by_day IS NULL) <> (estimated_lost IS NULL)
