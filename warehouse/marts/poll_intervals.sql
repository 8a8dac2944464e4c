-- Grain: one source that was asked for its listings.
-- Key: source_id
-- Touched by: source_id FROM changed_polls
-- Touched by: source_id FROM changed_listing_reads
--
-- A listing may wait for pow(sqrt(entries + 1) - 1, 2) / 2 expected entries: even twice as many, plus
-- two standard deviations of a Poisson count, fit into it. That is 2.7 for 10 entries, 10 for 30 and 41
-- for 100. The expected entries are summed by hour of the week, with rates as in listing_reads.
-- A sitemap that entries leave by age alone is due after four tenths of the time that it covers.
-- Where a listing without dates has rolled over, its new entries are the least that can have come.
--
-- At most an hour: while a listing has no rate, and after a read without dates that rolled over.
-- At most an hour: during the first day, while pages are left to fetch, and after a failed poll. Then
-- also at least half an hour, since three failures within minutes would open the breaker.
WITH newest AS (
    SELECT source_id, max(sequence) AS sequence
    FROM polls
    SEMI JOIN touched USING (source_id)
    GROUP BY source_id
),
last_poll AS (
    SELECT source_id, polled_at, listings, ended, pages_to_retry
    FROM polls
    JOIN newest USING (source_id, sequence)
),
asked AS (
    SELECT source_id, list_sort(list_distinct(flatten(list(polls.listings)))) AS listings
    FROM polls
    JOIN last_poll USING (source_id)
    WHERE polls.polled_at > last_poll.polled_at - INTERVAL 28 DAY
      AND polls.polled_at > (SELECT min(polled_at) FROM last_poll) - INTERVAL 28 DAY
    GROUP BY source_id
),
asked_listing AS (
    SELECT row_number() OVER () AS number, source_id, listing, polled_at,
           epoch(polled_at) / 3600 AS polled_hour
    FROM (SELECT source_id, unnest(listings) AS listing, polled_at FROM last_poll)
),
read AS (
    SELECT number, read_at, entries, is_complete, window_from,
           coalesce(rolled_over AND window_from IS NULL, false) AS is_blind,
           epoch(if(is_continued OR is_blind, previous_read_at, window_from)) / 3600 AS fresh_from,
           epoch(read_at) / 3600 AS fresh_until,
           if(is_continued OR is_blind, added_entries, window_entries) AS fresh_entries
    FROM listing_reads
    JOIN asked_listing USING (source_id, listing)
    WHERE entries > 0 AND read_at BETWEEN polled_at - INTERVAL 28 DAY AND polled_at
      AND read_at > (SELECT min(polled_at) FROM last_poll) - INTERVAL 28 DAY
),
listed AS (
    SELECT number, min(read_at) AS first_read_at,
           arg_max(entries, read_at) AS entries,
           arg_max(is_complete, read_at) AS is_complete,
           arg_max(is_blind, read_at) AS is_blind,
           (epoch(max(read_at)) - epoch(arg_max(window_from, read_at))) / 3600 AS hours_back,
           pow(sqrt(arg_max(entries, read_at) + 1) - 1, 2) / 2 AS room
    FROM read
    GROUP BY number
),
-- Hours are numbers since 1970, a Thursday: a fourth of the time that timestamps take.
seen AS (
    SELECT number, greatest(fresh_from, fresh_until - 28 * 24) AS seen_from, fresh_until AS seen_until,
           fresh_entries / (fresh_until - fresh_from) AS rate,
           unnest(range(floor(seen_from)::BIGINT, ceil(seen_until)::BIGINT)) AS hour
    FROM read
    WHERE fresh_from < fresh_until AND fresh_entries IS NOT NULL
),
seen_hour AS (
    SELECT number, (hour + 72) % 168 AS hour_of_week,
           sum(least(hour + 1, seen_until) - greatest(hour, seen_from)) AS hours,
           sum((least(hour + 1, seen_until) - greatest(hour, seen_from)) * rate) AS entries
    FROM seen
    GROUP BY number, hour_of_week
),
rated AS (
    SELECT number, hour_of_week,
           sum(entries) OVER in_all / sum(hours) OVER in_all AS rate,
           smoothed_rate(coalesce(sum(entries) OVER of_day, 0),
                         coalesce(sum(hours) OVER of_day, 0), rate) AS day_rate,
           smoothed_rate(coalesce(entries, 0), coalesce(hours, 0), day_rate) AS week_rate
    FROM (SELECT number, unnest(range(168)) AS hour_of_week FROM listed)
    LEFT JOIN seen_hour USING (number, hour_of_week)
    WINDOW in_all AS (PARTITION BY number),
           of_day AS (PARTITION BY number, hour_of_week % 24)
),
coming AS (
    SELECT number, rate, greatest(hour, polled_hour) - polled_hour AS hours_until,
           least(hour + 1, polled_hour + 24) - greatest(hour, polled_hour) AS hours,
           hours * week_rate AS entries,
           sum(hours * week_rate) OVER (PARTITION BY number ORDER BY hour) AS entries_by_then
    FROM (
        SELECT number, polled_hour,
               unnest(range(floor(polled_hour)::BIGINT, ceil(polled_hour + 24)::BIGINT)) AS hour
        FROM asked_listing
    )
    JOIN rated USING (number)
    WHERE hour_of_week = (hour + 72) % 168
),
filled AS (
    SELECT number, any_value(rate) AS rate,
           min(60 * (hours_until + hours * (room - entries_by_then + entries) / entries))
               FILTER (entries_by_then >= room AND entries_by_then - coming.entries < room)
               AS minutes_until
    FROM coming
    JOIN (SELECT number, room FROM listed) USING (number)
    GROUP BY number
),
first_due AS (
    SELECT source_id, min(first_read_at) AS first_read_at,
           arg_min({'listing': listing, 'entries': entries, 'rate': rate, 'room': room,
                    'is_complete': is_complete, 'is_blind': is_blind, 'hours_back': hours_back,
                    'minutes': minutes},
                   (minutes, listing)) AS tightest
    FROM (
        SELECT *, least(coalesce(if(is_complete, 0.4 * 60 * hours_back, minutes_until), 1440),
                        if(is_blind OR (rate IS NULL AND NOT is_complete), 60, 1440)) AS minutes
        FROM listed
        JOIN asked_listing USING (number)
        LEFT JOIN filled USING (number)
    )
    GROUP BY source_id
),
judged AS (
    SELECT *,
           CASE WHEN ended <> 'read' THEN 'the last poll failed'
                WHEN tightest IS NULL THEN 'no entries were counted yet'
                WHEN pages_to_retry > 0 THEN concat('pages left to fetch: ', pages_to_retry)
                WHEN polled_at < first_read_at + INTERVAL 1 DAY THEN 'read for less than a day'
           END AS why_hourly,
           greatest(if(ended = 'read', 10, 30),
                    least(if(why_hourly IS NULL, 1440, 60), coalesce(tightest.minutes, 60))) AS minutes
    FROM last_poll
    LEFT JOIN first_due USING (source_id)
)
SELECT source_id, polled_at,
       minutes::INTEGER AS interval_minutes,
       polled_at + to_minutes(minutes::INTEGER) AS due_at,
       CASE WHEN why_hourly IS NOT NULL AND (ended <> 'read' OR tightest.minutes IS NULL OR tightest.minutes > 60)
                THEN why_hourly
            WHEN tightest.is_complete THEN format('a sitemap of the last {:.0f} hours', tightest.hours_back)
            WHEN tightest.is_blind THEN 'rolled over, and its entries have no dates'
            WHEN tightest.rate IS NULL THEN 'no rate is known yet'
            WHEN tightest.minutes >= 1440 THEN 'fewer new entries than it has room for in a day'
            WHEN tightest.minutes < 10 THEN 'more new entries than it has room for in 10 minutes'
            ELSE format('room for {:.1f} new entries', tightest.room)
       END AS basis,
       tightest.listing AS listing, tightest.entries AS window_entries,
       round(tightest.rate * 24, 2) AS entries_per_day,
       ended AS last_poll, asked.listings AS listings
FROM judged
LEFT JOIN asked USING (source_id)
ORDER BY source_id
