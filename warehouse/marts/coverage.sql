-- Grain: one source and UTC day, over the source's calendar.
-- Key: source_id, day
-- Compared: extracted, state, estimated_published
-- Touched by: source_id, day FROM changed_pages
-- Touched by: source_id, published_date FROM changed_articles
-- Touched by: source_id, utc_day(attempted_at) FROM added_captures WHERE kind = 'listing'
-- Touched by: source_id, unnest(days_between(utc_day(least(previous_read_at, covers_from)),
--                                            utc_day(covers_until))) FROM changed_listing_reads
-- Touched by: source_id, day FROM coverage SEMI JOIN changed_sources USING (source_id)
-- Touched by: source_id, day FROM coverage SEMI JOIN changed_source_calendars USING (source_id)
-- Touched by: source_id, unnest(days_between(first_day, last_day)) FROM source_calendars
--     EXCEPT SELECT source_id, day FROM coverage
-- Touched by: source_id, day FROM coverage ANTI JOIN source_calendars AS calendar
--     ON calendar.source_id = coverage.source_id AND day BETWEEN first_day AND last_day
--
-- A page counts once, on its day, however often it was asked for: it has failed when no attempt gave
-- an article and the last one leaves open that there is one.
-- The day of a listing is the day of the attempt; a 304 reads it as well as a 200.
--
-- A day is read as far as the reads of listings cover it (listing_reads): all of its feeds together,
-- so the one that covers least; without feeds the sitemap that covers most; without sitemaps the
-- section page that covers least. Before polled_from there are saved files, archives and what earlier
-- versions collected alone: a day with articles is read.
--
-- missing   no article of the day, and either a page of it lost or nothing of the day read
-- partial   otherwise, when the day was not read as a whole, pages were lost, a listing failed that
--           was not read later as far back, or articles are fewer than expected_low
-- observed  otherwise; a day that was read as a whole and had nothing is a true zero
WITH calendar_day AS (
    SELECT touched.*, polled_from
    FROM touched
    JOIN source_calendars AS calendar
        ON calendar.source_id = touched.source_id AND day BETWEEN first_day AND last_day
),
found AS (
    SELECT source_id, day,
           count(*) AS discovered,
           sum(stands_for)::BIGINT AS listed,
           count(*) FILTER (was_read) AS fetched,
           coalesce(sum(stands_for) FILTER (is_lost AND NOT gave_article), 0)::BIGINT AS failed
    FROM pages
    SEMI JOIN touched USING (source_id, day)
    GROUP BY ALL
),
texts AS (
    SELECT source_id, published_date AS day,
           count(*) AS extracted, count(*) FILTER (is_truncated) AS truncated
    FROM articles
    SEMI JOIN touched ON touched.source_id = articles.source_id AND touched.day = published_date
    GROUP BY ALL
),
read_day AS (
    SELECT *, unnest(days_between(utc_day(least(previous_read_at, covers_from)),
                                  utc_day(covers_until - INTERVAL 1 MICROSECOND))) AS day
    FROM listing_reads
    -- Known before the reads are, so that those of other days are skipped.
    WHERE read_at >= (SELECT min(day) FROM touched)
      AND least(previous_read_at, covers_from) < (SELECT max(day) + 1 FROM touched)
),
listing_day AS (
    SELECT source_id, day, listing,
           any_value(kind) AS kind,
           least(24, sum(overlap_hours(utc_time(covers_from), utc_time(covers_until),
                                       day::TIMESTAMP, day + INTERVAL 1 DAY))) AS hours,
           bool_or(rolled_over AND overlap_hours(utc_time(previous_read_at), utc_time(covers_from),
                                                 day::TIMESTAMP, day + INTERVAL 1 DAY) > 0)
               AS rolled_over,
           sum(list_filter(lost_by_day, lambda each: each.day = read_day.day)[1].entries) AS lost
    FROM read_day
    SEMI JOIN touched USING (source_id, day)
    GROUP BY source_id, day, listing
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
    SELECT source_id, utc_day(attempted_at) AS day, url_requested AS listing,
           bool_or(class = 'listing') AS was_read
    FROM captures
    JOIN outcomes USING (outcome)
    WHERE kind = 'listing' AND found_in IS DISTINCT FROM 'recovery'
      AND attempted_at >= (SELECT min(day) FROM touched)
      AND attempted_at < (SELECT max(day) + 1 FROM touched)
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
           coalesce(listings_read, 0) AS listings_read,
           coalesce(listings_failed, 0) AS listings_failed,
           coalesce(has_unread_listing, false) AS has_unread_listing,
           coalesce(rolled_over, false) AS rolled_over,
           round(greatest(hours_read,
                          if((day >= polled_from) IS NOT TRUE AND extracted > 0, 24, 0)), 2)
               AS hours_read,
           estimated_lost
    FROM calendar_day
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
               if(has_unread_listing, 'listings_failed', NULL),
               if(extracted < expected_low, 'below_expected_low', NULL),
               if(extracted > expected_high, 'above_expected_high', NULL)
           ], lambda reason: reason IS NOT NULL) AS reasons,
           if(hours_read = 24 OR estimated_lost IS NOT NULL,
              extracted + failed + coalesce(estimated_lost, 0), NULL) AS estimated_published
    FROM counted
    LEFT JOIN sources USING (source_id)
)
SELECT * EXCLUDE (polled_from, has_unread_listing, rolled_over),
       if(estimated_published = 0, 1, extracted / estimated_published) AS completeness,
       CASE WHEN extracted = 0 AND list_has_any(reasons, ['no_listing_read', 'pages_lost'])
                THEN 'missing'
            WHEN len(list_filter(reasons, lambda reason: reason <> 'above_expected_high')) > 0
                THEN 'partial'
            ELSE 'observed'
       END AS state
FROM judged
ORDER BY source_id, day
