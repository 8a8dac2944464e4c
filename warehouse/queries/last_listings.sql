-- Grain: one listing of a source, as last read in full, not in the future: reads by a clock that was
-- ahead are ignored.
-- Reads: captures
WITH reads AS (
    SELECT source_id, url_requested, outcome, etag, last_modified, raw_ref, content_type,
           attempted_at, capture_id, listing,
           max(attempted_at) OVER (PARTITION BY source_id, url_requested) AS read_at
    FROM captures
    WHERE kind = 'listing' AND outcome IN ('listed', 'not_modified') AND attempted_at <= $now
),
usual AS (
    SELECT source_id, url_requested, max(listing.entries) AS most_entries,
           max(epoch(attempted_at) - epoch(listing.window_from)) AS longest_window
    FROM reads
    WHERE attempted_at > read_at - INTERVAL 30 DAY
    GROUP BY ALL
)
SELECT source_id, url_requested, etag, last_modified, raw_ref, content_type, read_at,
       most_entries, longest_window
FROM reads
JOIN usual USING (source_id, url_requested)
WHERE outcome = 'listed' AND raw_ref IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY source_id, url_requested
                           ORDER BY attempted_at DESC, capture_id DESC) = 1
