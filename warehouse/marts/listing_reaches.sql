-- Grain: one reading of a listing that reached back over whole days.
-- Adds those of `new_captures`. Papers pin old stories, so pages older than a week say nothing.
INSERT INTO listing_reaches BY NAME
SELECT listing.capture_id, listing.source_id,
       min(utc_day(page.entry_published_at)) AS oldest_day,
       any_value(utc_day(listing.attempted_at)) AS read_day
FROM new_captures AS listing
JOIN outcomes USING (outcome)
JOIN new_captures AS page
    ON page.run_id = listing.run_id AND page.source_id = listing.source_id
   AND page.found_in = listing.url_requested AND page.attempted_at >= listing.attempted_at
   AND page.entry_published_at > listing.attempted_at - INTERVAL 7 DAY
WHERE listing.kind = 'listing' AND class = 'listing' AND page.kind = 'page'
GROUP BY listing.capture_id, listing.source_id
HAVING oldest_day < read_day - 1;
