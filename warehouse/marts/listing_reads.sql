-- Grain: one read of one listing.
-- Key: capture_id
-- Compared: source_id, previous_read_at, covers_from, covers_until, lost_by_day
-- Touched by: capture_id FROM added_captures JOIN outcomes USING (outcome)
--     WHERE kind = 'listing' AND class = 'listing' AND listing.kind IS DISTINCT FROM 'sitemap_index'
-- Touched by: gap.capture_id FROM listing_reads AS gap JOIN added_captures AS sitemap
--     ON sitemap.source_id = gap.source_id AND sitemap.listing.feed_share >= 0.9
--     AND sitemap.attempted_at BETWEEN gap.read_at AND gap.read_at + INTERVAL 3 DAY
--     AND sitemap.listing.window_from < gap.covers_from
--     WHERE gap.previous_read_at < gap.covers_from
-- Touched by: gap.capture_id FROM listing_reads AS gap JOIN added_captures AS late
--     ON late.source_id = gap.source_id AND late.url_requested = gap.listing
--     AND gap.read_at BETWEEN late.attempted_at AND late.attempted_at + INTERVAL 28 DAY
--     WHERE gap.previous_read_at < gap.covers_from AND late.kind = 'listing'
--
-- A read covers the time for which it names all published articles:
--   back to the previous read, if the newest entry of that read, or most of its newest, are still listed
--   (tasks/collect/listings/summary.py; in captures of before that rule, any one of the five newest);
--   likewise for a sitemap that is not full, since entries leave it by age alone, but at most as far
--   back as it has ever reached; unless the newest entries of that read have left it before that age,
--   as at midnight those of a sitemap of today's articles: such a read has no listing.most_entries;
--   otherwise back to window_from, or no time if the entries have no dates, or if there are none.
-- A sitemap that names nine in ten entries of the feeds closes the gap of a feed. A sitemap that is
-- read only for that (found_in = 'recovery' in captures) covers nothing by itself. A read by an earlier
-- version has no summary: it covers, as it did then, its whole day, and the days before it back to the
-- oldest page of the last seven days that was fetched from it.
--
-- Lost entries: the rate of the listing times the gap, less the known entries in the gap. The rate is
-- that of the hour of the week over the 28 days before, smoothed by two more entries at the rate of the
-- hour of the day, which is smoothed likewise by the rate of all hours. Smoothing by two hours would
-- outweigh the observations of a rush hour, of which a feed's window shows only minutes.
WITH judged AS (
    SELECT capture_id, run_id, source_id, url_requested AS listing, listing.kind AS kind,
           attempted_at AS read_at,
           listing.entries AS entries, listing.known AS known_entries,
           listing.added AS added_entries,
           listing.oldest_at AS oldest_entry_at, listing.newest_at AS newest_entry_at,
           listing.window_from AS window_from, listing.window_entries AS window_entries,
           listing.before_window AS before_window, listing.feed_share AS feed_share,
           -- NULL if the previous read was made by a clock that was ahead: it is meaningless then.
           if(listing.previous_read_at <= attempted_at, listing.previous_read_at, NULL)
               AS previous_read_at,
           coalesce(listing.kind = 'sitemap' AND listing.entries < 0.9 * listing.most_entries,
                    false) AS is_complete,
           entries IS DISTINCT FROM 0
               AND (outcome = 'not_modified' OR coalesce(listing.is_continued, false)
                    OR (is_complete AND epoch(read_at) - epoch(previous_read_at)
                            <= listing.longest_window)) AS is_continued,
           listing IS NULL AS is_unknown,
           found_in IS NOT DISTINCT FROM 'recovery' AS is_recovery
    FROM captures
    SEMI JOIN touched USING (capture_id)
    -- Unlike the keys, this can be pushed into the scan of a million captures: saves a fifth of the time.
    WHERE captures.kind = 'listing'
),
fetched AS (
    SELECT judged.capture_id, min(utc_day(page.entry_published_at)) AS oldest_day
    FROM (FROM judged WHERE is_unknown) AS judged
    JOIN captures AS page
        ON page.run_id = judged.run_id AND page.source_id = judged.source_id
       AND page.found_in = judged.listing AND page.attempted_at >= judged.read_at
       AND page.entry_published_at > judged.read_at - INTERVAL 7 DAY
    WHERE page.kind = 'page'
    GROUP BY judged.capture_id
),
alone AS (
    SELECT *,
           coalesce(NOT is_continued AND NOT is_complete AND entries > 0
                    AND previous_read_at IS NOT NULL, false) AS rolled_over,
           CASE WHEN is_recovery THEN NULL
                WHEN is_unknown
                    THEN least(utc_day(read_at), oldest_day)::TIMESTAMP AT TIME ZONE 'UTC'
                WHEN is_continued THEN coalesce(previous_read_at, window_from, read_at)
                ELSE greatest(previous_read_at, coalesce(window_from, read_at))
           END AS reaches_back_to,
           if(is_unknown, (utc_day(read_at) + 1)::TIMESTAMP AT TIME ZONE 'UTC', read_at)
               AS covers_until
    FROM judged
    LEFT JOIN fetched USING (capture_id)
),
known AS (
    SELECT run_id, source_id, listing, read_at, feed_share, is_continued, previous_read_at,
           window_from, window_entries, entries, known_entries
    FROM alone
    UNION ALL BY NAME
    SELECT run_id, source_id, listing, read_at, feed_share, is_continued, previous_read_at,
           window_from, window_entries, entries, known_entries
    FROM listing_reads
    ANTI JOIN touched USING (capture_id)
    WHERE source_id IN (SELECT source_id FROM alone WHERE NOT is_continued)
),
closed AS (
    SELECT capture_id, min(sitemap.window_from) AS sitemap_from
    FROM alone
    JOIN (FROM known WHERE feed_share >= 0.9) AS sitemap
        ON sitemap.source_id = alone.source_id AND sitemap.window_from < reaches_back_to
       AND if(alone.previous_read_at IS NULL, sitemap.run_id = alone.run_id,
              alone.previous_read_at < reaches_back_to
              AND sitemap.read_at BETWEEN alone.read_at AND alone.read_at + INTERVAL 3 DAY)
    GROUP BY capture_id
),
read AS (
    SELECT alone.*, greatest(previous_read_at, least(reaches_back_to, sitemap_from)) AS covers_from
    FROM alone
    LEFT JOIN closed USING (capture_id)
),
gap AS (
    SELECT capture_id, source_id, listing, read_at, before_window,
           greatest(utc_time(previous_read_at), utc_time(covers_from) - INTERVAL 60 DAY)
               AS gap_from,
           utc_time(covers_from) AS gap_until
    FROM read
    WHERE covers_from > previous_read_at
),
seen AS (
    SELECT gap.capture_id,
           utc_time(if(is_continued, previous_read_at, window_from)) AS seen_from,
           utc_time(known.read_at) AS seen_until,
           (1 - known_entries / entries)
               * if(is_continued, entries, window_entries) AS fresh_entries
    FROM gap
    JOIN known
        ON known.source_id = gap.source_id AND known.listing = gap.listing
       AND known.read_at BETWEEN gap.read_at - INTERVAL 28 DAY AND gap.read_at
    WHERE seen_from < seen_until AND entries > 0
),
seen_hour AS (
    SELECT capture_id, hour_of_week(hour) AS hour_of_week, hour_of_week % 24 AS hour_of_day,
           overlap_hours(hour, hour + INTERVAL 1 HOUR, seen_from, seen_until) AS hours,
           fresh_entries * hours * 3600 / (epoch(seen_until) - epoch(seen_from)) AS entries
    FROM (SELECT *, unnest(hours_between(seen_from, seen_until)) AS hour FROM seen)
),
overall AS (
    SELECT capture_id, sum(entries) / sum(hours) AS rate FROM seen_hour GROUP BY capture_id
),
of_day AS (
    SELECT capture_id, hour_of_day,
           smoothed_rate(sum(entries), sum(hours), any_value(rate)) AS day_rate
    FROM seen_hour
    JOIN overall USING (capture_id)
    GROUP BY capture_id, hour_of_day
),
of_week AS (
    SELECT capture_id, hour_of_week,
           smoothed_rate(sum(entries), sum(hours), any_value(day_rate)) AS week_rate
    FROM seen_hour
    JOIN of_day USING (capture_id, hour_of_day)
    GROUP BY capture_id, hour_of_week
),
missed_hour AS (
    SELECT capture_id, hour::DATE AS day, hour_of_week(hour) AS hour_of_week,
           hour_of_week % 24 AS hour_of_day,
           overlap_hours(hour, hour + INTERVAL 1 HOUR, gap_from, gap_until) AS hours
    FROM (SELECT *, unnest(hours_between(gap_from, gap_until)) AS hour FROM gap)
),
missed AS (
    SELECT capture_id, day, sum(hours * coalesce(week_rate, day_rate, rate)) AS entries
    FROM missed_hour
    JOIN overall USING (capture_id)
    LEFT JOIN of_day USING (capture_id, hour_of_day)
    LEFT JOIN of_week USING (capture_id, hour_of_week)
    GROUP BY capture_id, day
),
lost AS (
    SELECT capture_id, sum(entries) AS expected,
           greatest(0, expected - any_value(before_window)) AS entries,
           list({'day': day, 'entries': entries} ORDER BY day) AS by_day
    FROM missed
    JOIN (SELECT capture_id, before_window FROM gap) USING (capture_id)
    GROUP BY capture_id
)
SELECT read.* EXCLUDE (is_unknown, is_recovery, oldest_day, reaches_back_to, before_window),
       (epoch(read_at) - epoch(previous_read_at)) / 3600 AS hours_since_previous,
       round(lost.entries, 2) AS estimated_lost,
       list_transform(by_day, lambda each:
           {'day': each.day,
            'entries': if(expected > 0, round(each.entries * lost.entries / expected, 2), 0)})
           AS lost_by_day
FROM read
LEFT JOIN lost USING (capture_id)
ORDER BY read_at, capture_id
