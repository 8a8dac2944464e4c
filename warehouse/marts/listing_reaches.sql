-- Grain: one reading of a listing that reached back over whole days.
-- Key: capture_id
-- Compared: source_id, oldest_day, read_day
-- Touched by: capture_id FROM added_captures WHERE kind = 'listing'
--
-- The empty days between are observed: otherwise a weekend without a poll would be missing although
-- Monday's sitemap listed all of it. Sources pin old stories, so pages older than a week say nothing.
SELECT listing.capture_id, listing.source_id,
       min(utc_day(page.entry_published_at)) AS oldest_day,
       any_value(utc_day(listing.attempted_at)) AS read_day
FROM added_captures AS listing
JOIN outcomes USING (outcome)
JOIN added_captures AS page
    ON page.run_id = listing.run_id AND page.source_id = listing.source_id
   AND page.found_in = listing.url_requested AND page.attempted_at >= listing.attempted_at
   AND page.entry_published_at > listing.attempted_at - INTERVAL 7 DAY
WHERE listing.kind = 'listing' AND class = 'listing' AND page.kind = 'page'
GROUP BY listing.capture_id, listing.source_id
HAVING oldest_day < read_day - 1
