-- Holds: a listing_reach is of a capture of a listing, and at most a week long.
SELECT listing_reaches.*
FROM listing_reaches
LEFT JOIN captures USING (capture_id)
WHERE kind IS DISTINCT FROM 'listing' OR captures.source_id <> listing_reaches.source_id
   OR read_day - oldest_day NOT BETWEEN 2 AND 7
