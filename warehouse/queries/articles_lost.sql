-- Grain: one configured source with a listing that rolled over between two reads.
-- Reads: listing_reads
--
-- In the last day, or the last read of a listing: otherwise a source that is read once a day would be
-- over and found again and again. Only listings that decide what was read of a day, and not if a
-- sitemap that was read since names all lost entries.
WITH reads AS (
    SELECT *, max(read_at) OVER (PARTITION BY source_id, listing) AS last_read_at
    FROM listing_reads
)
SELECT source_id, name, min(read_at) AS since,
       list_sort(list_distinct(list(listing || coalesce(
           ' (about ' || round(estimated_lost)::BIGINT || ' articles)', '')))) AS listings
FROM reads
JOIN sources USING (source_id)
SEMI JOIN coverage
    ON coverage.source_id = reads.source_id
   AND day = ((covers_from - INTERVAL 1 MICROSECOND) AT TIME ZONE 'UTC')::DATE
   AND list_contains(reasons, 'listing_rolled_over')
WHERE is_configured AND rolled_over AND covers_from > previous_read_at
  AND (read_at > $now - INTERVAL 1 DAY OR read_at = last_read_at)
GROUP BY source_id, name
ORDER BY source_id
