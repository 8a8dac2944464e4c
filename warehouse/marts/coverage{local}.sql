-- Grain: one source and {clock} day, over the source's calendar.
-- Key: source_id, day
-- Compared: state, estimated_published
-- Touched by: source_id, day{local} FROM changed_pages
-- Touched by: source_id, {published_date} FROM changed_articles
-- Touched by: source_id, day_of{local}(attempted_at, zone) FROM added_captures
--     JOIN source_zones USING (source_id) WHERE kind = 'listing'
-- Touched by: source_id, unnest(days_between(
--         day_of{local}(least(previous_read_at, covers_from), zone),
--         day_of{local}(covers_until, zone)))
--     FROM changed_listing_reads JOIN source_zones USING (source_id)
-- Touched by: source_id, unnest(days_between(utc_day(listing.window_from),
--         utc_day(listing.newest_at)))
--     FROM added_captures WHERE kind = 'index' AND listing.window_from IS NOT NULL
-- Touched by: source_id, unnest(days_between(utc_day(listing.window_from),
--         utc_day(listing.newest_at)))
--     FROM captures SEMI JOIN (FROM changed_pages WHERE day{local} IS NULL) AS unplaced USING (source_id)
--     WHERE kind = 'index' AND listing.window_from IS NOT NULL
-- Touched by: source_id, day FROM coverage{local} SEMI JOIN changed_sources USING (source_id)
-- Touched by: source_id, day FROM coverage{local}
--     SEMI JOIN changed_source_calendars{local} USING (source_id)
-- Touched by: source_id, unnest(days_between(first_day, last_day)) FROM source_calendars{local}
--     EXCEPT SELECT source_id, day FROM coverage{local}
-- Touched by: coverage{local}.source_id, day FROM coverage{local}
--     ANTI JOIN source_calendars{local} AS calendar
--     ON calendar.source_id = coverage{local}.source_id AND day BETWEEN first_day AND last_day
--
-- extracted is not compared: its changes are in changed_articles, which topic_daily{local} reads as well.
--
-- A day is the time from begins_at to ends_at, of 23 or 25 hours where clocks change; its hours_read
-- are scaled to 24. What was lost of a UTC day (lost_by_day of listing_reads) is divided among the
-- days that its gap reaches into, by time.
--
-- A page counts once, on its day, however often it was requested: it has failed if no attempt gave an
-- article, but by the outcome of the last attempt there may be one. So have pages that were gone, if they
-- are three or more, and more than two thirds of the day's: no articles were withdrawn, but the site did not
-- serve them. An undated article was most likely published on the day of its page: it is taken for one of
-- that day that is not counted.
-- The day of a listing is the day of the attempt; a 304 reads it as well as a 200.
--
-- A day is read as far as the reads of listings cover it (listing_reads): if the source has feeds, all
-- of them must, so the feed that covers least counts; without feeds the sitemap that covers most;
-- without sitemaps the section page that covers least. Before polled_from a day is read if it has an
-- article that an earlier version collected. Articles from archives and saved files do not make a day
-- read, since what they lack is unknown. A source's own sitemap of the past does, if all pages of its
-- period were requested (the days from listing.window_from to newest_at of an index; its months may be
-- in UTC or in the source's time zone, and count as both). A page of these that is lost or undated may be
-- of any day of the period, unless its own is known: then none of them is read.
--
-- missing   no dated article of the day, and a page of it lost, an article undated, or no part of the
--           day read
-- partial   otherwise, if the day was not fully read, pages were lost, articles are undated, a listing
--           failed and no later read reached as far back, all articles are from archives, or they are
--           fewer than expected_low
-- observed  otherwise; a day that was fully read and has no articles is a true zero
WITH calendar_day AS (
    SELECT touched.*, zone, polled_from,
           start_of{local}(day, zone) AS begins_at, start_of{local}(day + 1, zone) AS ends_at
    FROM touched
    JOIN source_calendars{local} AS calendar
        ON calendar.source_id = touched.source_id AND day BETWEEN first_day AND last_day
    JOIN source_zones AS named ON named.source_id = touched.source_id
),
found AS (
    SELECT source_id, day{local} AS day,
           count(*) AS discovered,
           sum(stands_for)::BIGINT AS listed,
           count(*) FILTER (was_read) AS fetched,
           count(*) FILTER (is_gone) AS gone,
           coalesce(sum(stands_for) FILTER (is_lost AND NOT gave_article), 0)::BIGINT
               + if(gone >= 3 AND 3 * gone > 2 * listed, gone, 0) AS failed,
           count(DISTINCT article_id) FILTER (is_undated) AS undated
    FROM pages
    SEMI JOIN touched ON touched.source_id = pages.source_id AND touched.day = pages.day{local}
    GROUP BY ALL
),
dated AS (
    SELECT article_id, articles.source_id, {published_date} AS day, is_truncated
    FROM articles
    SEMI JOIN touched ON touched.source_id = articles.source_id AND touched.day = {published_date}
),
obtained AS (
    SELECT article_id,
           arg_min(obtained_from, list_position(
               ['source', 'source_archive', 'file', 'warc', 'wayback'], obtained_from)
           ) AS obtained_from
    FROM pages
    SEMI JOIN dated USING (article_id)
    WHERE obtained_from IS NOT NULL
    GROUP BY article_id
),
texts AS (
    SELECT source_id, day, count(*) AS extracted,
           count(*) FILTER (is_truncated) AS truncated,
           count(*) FILTER (obtained_from IN ('wayback', 'warc')) AS from_archives,
           count(*) FILTER (obtained_from = 'file') AS from_files,
           count(*) FILTER (coalesce(obtained_from, 'source') = 'source') AS from_polls
    FROM dated
    LEFT JOIN obtained USING (article_id)
    GROUP BY ALL
),
unplaced AS (
    SELECT DISTINCT source_id, found_in
    FROM captures
    SEMI JOIN (FROM pages WHERE day{local} IS NULL
                            AND (is_undated OR is_lost AND NOT gave_article)) AS page
        USING (source_id, url_hash)
    WHERE kind = 'page' AND obtained_from = 'source_archive'
),
whole AS (
    SELECT DISTINCT source_id, unnest(days) AS day
    FROM (
        SELECT captures.source_id,
               days_between(utc_day(listing.window_from), utc_day(listing.newest_at)) AS days
        FROM captures
        LEFT JOIN unplaced
            ON unplaced.source_id = captures.source_id AND unplaced.found_in = url_requested
        WHERE kind = 'index' AND listing.window_from IS NOT NULL
        GROUP BY captures.source_id, days
        HAVING count(unplaced.found_in) = 0
    )
),
read_day AS (
    SELECT listing_reads.*, zone,
           greatest(previous_read_at, covers_from - INTERVAL 60 DAY) AS gap_from,
           unnest(days_between(day_of{local}(least(previous_read_at, covers_from), zone),
                               day_of{local}(covers_until - INTERVAL 1 MICROSECOND, zone))) AS day
    FROM listing_reads
    JOIN source_zones USING (source_id)
    -- Computed before the reads, so that reads of other days are skipped.
    WHERE read_at >= (SELECT min(begins_at) FROM calendar_day)
      AND least(previous_read_at, covers_from) < (SELECT max(ends_at) FROM calendar_day)
),
listing_day AS (
    SELECT source_id, day, listing,
           any_value(kind) AS kind,
           least(24, round(sum(overlap_hours(covers_from, covers_until, begins_at, ends_at))
                           * (24 * 3600 / (epoch(ends_at) - epoch(begins_at))), 6)) AS hours,
           bool_or(rolled_over
                   AND overlap_hours(previous_read_at, covers_from, begins_at, ends_at) > 0)
               AS rolled_over,
           sum(lost_within(lost_by_day, gap_from, covers_from, begins_at, ends_at)) AS lost
    FROM read_day
    JOIN calendar_day USING (source_id, day)
    GROUP BY source_id, day, listing, begins_at, ends_at
),
read_hours AS (
    SELECT source_id, day,
           if(any_value(deciding) = 2, max(hours), min(hours)) AS hours_read,
           bool_or(rolled_over) AS rolled_over,
           round(sum(lost), 2) AS estimated_lost
    FROM (
        -- Reads of earlier versions have no kind.
        SELECT *, CASE kind WHEN 'sitemap' THEN 2 WHEN 'section' THEN 3 ELSE 1 END AS rank,
               min(rank) OVER (PARTITION BY source_id, day) AS deciding
        FROM listing_day
    )
    WHERE rank = deciding
    GROUP BY source_id, day
),
asked AS (
    SELECT source_id, day_of{local}(attempted_at, zone) AS day, url_requested AS listing,
           bool_or(class = 'listing') AS was_read
    FROM captures
    JOIN outcomes USING (outcome)
    JOIN source_zones USING (source_id)
    WHERE kind = 'listing' AND found_in IS DISTINCT FROM 'recovery'
      AND attempted_at >= (SELECT min(begins_at) FROM calendar_day)
      AND attempted_at < (SELECT max(ends_at) FROM calendar_day)
    GROUP BY ALL
),
listings AS (
    SELECT source_id, day,
           count(*) FILTER (was_read) AS listings_read,
           count(*) FILTER (NOT was_read) AS listings_failed,
           bool_or(NOT was_read AND coalesce(hours, 0) < 24) AS has_unread_listing
    FROM asked
    LEFT JOIN listing_day USING (source_id, day, listing)
    GROUP BY source_id, day
),
counted AS (
    SELECT source_id, day, polled_from,
           coalesce(discovered, 0) AS discovered, coalesce(listed, 0) AS listed,
           coalesce(fetched, 0) AS fetched,
           coalesce(extracted, 0) AS extracted, coalesce(truncated, 0) AS truncated,
           coalesce(failed, 0) AS failed,
           coalesce(undated, 0) AS undated,
           coalesce(from_archives + if(day >= polled_from, 0, from_files), 0) AS archived,
           coalesce(listings_read, 0) AS listings_read,
           coalesce(listings_failed, 0) AS listings_failed,
           coalesce(has_unread_listing, false) AS has_unread_listing,
           coalesce(rolled_over, false) AND NOT is_whole AS rolled_over,
           round(greatest(hours_read, if(is_whole, 24, 0),
                          if(day < polled_from AND from_polls > 0 AND is_earlier, 24, 0),
                          if(polled_from IS NULL AND from_polls > 0, 24, 0)), 2) AS hours_read,
           if(is_whole, NULL, estimated_lost) AS estimated_lost
    FROM (SELECT calendar_day.*, whole.day IS NOT NULL AS is_whole,
                 source_id IN (SELECT source_id FROM listing_reads WHERE kind IS NULL) AS is_earlier
          FROM calendar_day LEFT JOIN whole USING (source_id, day)) AS calendar_day
    LEFT JOIN found USING (source_id, day)
    LEFT JOIN listings USING (source_id, day)
    LEFT JOIN read_hours USING (source_id, day)
    LEFT JOIN texts USING (source_id, day)
),
judged AS (
    SELECT counted.*,
           extracted = 0 AND listings_read = 0 AND hours_read = 24 AS is_spanned,
           list_filter([
               if(hours_read = 0 AND listings_read = 0, 'no_listing_read', NULL),
               if(rolled_over, 'listing_rolled_over', NULL),
               if(hours_read < 24 AND NOT rolled_over AND (hours_read > 0 OR listings_read > 0),
                  'partly_read', NULL),
               if(failed > 0, 'pages_lost', NULL),
               if(undated > 0, 'articles_undated', NULL),
               if(has_unread_listing, 'listings_failed', NULL),
               if(archived > 0 AND archived = extracted, 'archived_only', NULL),
               if(extracted < expected_low, 'below_expected_low', NULL),
               if(extracted > expected_high, 'above_expected_high', NULL)
           ], lambda reason: reason IS NOT NULL) AS reasons,
           -- Articles from archives may be among the lost articles of the day.
           if((hours_read = 24 OR estimated_lost IS NOT NULL)
              AND NOT list_contains(reasons, 'archived_only'),
              greatest(extracted,
                       extracted - archived + failed + undated + coalesce(estimated_lost, 0)),
              NULL) AS estimated_published
    FROM counted
    LEFT JOIN sources USING (source_id)
)
SELECT * EXCLUDE (polled_from, has_unread_listing, rolled_over),
       if(estimated_published = 0, 1, extracted / estimated_published) AS completeness,
       CASE WHEN extracted = 0 AND list_has_any(reasons, ['no_listing_read', 'pages_lost',
                                                           'articles_undated'])
                THEN 'missing'
            WHEN len(list_filter(reasons, lambda reason: reason <> 'above_expected_high')) > 0
                THEN 'partial'
            ELSE 'observed'
       END AS state
FROM judged
ORDER BY source_id, day
