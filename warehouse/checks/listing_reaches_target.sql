-- Holds: what reached back over days is a capture of a listing, no more than a week.
SELECT listing_reaches.*
FROM listing_reaches
LEFT JOIN captures USING (capture_id)
WHERE kind IS DISTINCT FROM 'listing' OR captures.source_id <> listing_reaches.source_id
   OR read_day - oldest_day NOT BETWEEN 2 AND 7
