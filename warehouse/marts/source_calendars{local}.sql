-- Grain: one watched source of which a day is known.
-- Key: source_id
-- Compared: polled_from
-- Touched by: source_id FROM changed_pages
-- Touched by: source_id FROM changed_articles
-- Touched by: source_id FROM changed_listing_reads JOIN source_zones USING (source_id)
--     LEFT JOIN source_calendars{local} USING (source_id)
--     WHERE (day_of{local}(covers_from, zone) >= polled_from) IS NOT TRUE
-- Touched by: source_id FROM added_captures JOIN source_zones USING (source_id)
--     LEFT JOIN source_calendars{local} USING (source_id)
--     WHERE kind = 'listing'
--     AND (day_of{local}(attempted_at, zone) BETWEEN polled_from AND last_day) IS NOT TRUE
-- Touched by: source_id FROM source_zones WHERE is_changed
-- Touched by: source_id FROM changed_sources
-- Touched by: source_id FROM polls JOIN source_zones USING (source_id)
--     LEFT JOIN source_calendars{local} USING (source_id)
--     WHERE polled_at <= now() AND (day_of{local}(polled_at, zone) <= last_day) IS NOT TRUE
-- Touched by: source_id FROM source_calendars{local} JOIN source_zones USING (source_id)
--     WHERE last_day > day_of{local}(now(), zone)
-- Touched by: source_id FROM source_calendars{local} JOIN source_zones USING (source_id)
--     CROSS JOIN (SELECT max(last_attempt_at) AS asked_at FROM sources)
--     WHERE last_day < day_of{local}(asked_at, zone) - 1
--     AND source_id IN (SELECT source_id FROM sources WHERE is_configured)
--     AND source_id IN (SELECT source_id FROM polls)
--
-- A calendar begins where collection begins: with the first poll, as far back as its listings reach, or
-- with a series of days in archives, in sitemaps of the past or in saved files. A single old page does
-- not begin one: a page of 1995 would add eleven thousand days.
-- If the listings of the first poll do not show how far they reach, it begins with the oldest day of the
-- week before that has an article or a page: such days are partial, since what they lack is unknown.
-- A series has five days or more with articles, at most five weeks apart (first Mondays of months), or
-- a weekend apart in saved files. The last days of a source that was never polled are its calendar in
-- any case.
-- The calendar of a configured source that was polled continues when it is no longer asked: to the last
-- day that had ended in its time zone at the last attempt at any source. These days are missing.
-- Attempts in the future were made by a clock that was ahead, and would add years to a calendar: they
-- count from their time on. If the clock was ahead in the load, too, the calendar ends after today, and
-- the next load ends it where it should.
WITH asked AS (
    SELECT source_id, bool_or(kind = 'listing') AS is_polled,
           if(bool_or(kind = 'page'), 35, 3) AS longest_pause,
           day_of{local}(min(attempted_at) FILTER (kind = 'listing'), zone) AS first_poll,
           day_of{local}(max(attempted_at) FILTER (kind = 'listing'), zone) AS last_poll
    FROM captures
    JOIN source_zones USING (source_id)
    SEMI JOIN touched USING (source_id)
    WHERE attempted_at <= now()
    GROUP BY source_id, zone
),
span AS (
    SELECT source_id, first_poll, last_poll,
           day_of{local}(min(covers_from) FILTER (kind IS NOT NULL), zone) AS polled_from,
           coalesce(bool_or(kind IS NULL AND capture_id IS NOT NULL), false) AS is_earlier
    FROM asked
    JOIN source_zones USING (source_id)
    LEFT JOIN listing_reads USING (source_id)
    WHERE is_polled
    GROUP BY source_id, zone, first_poll, last_poll
),
given AS (
    SELECT DISTINCT source_id, article_id, if(kind = 'file', 3, 35) AS longest_pause
    FROM captures
    SEMI JOIN touched USING (source_id)
    WHERE article_id IS NOT NULL AND obtained_from <> 'source'
),
known_day AS (
    SELECT source_id, day{local} AS day
    FROM pages
    SEMI JOIN touched USING (source_id)
    WHERE day{local} IS NOT NULL
    UNION
    SELECT source_id, {published_date}
    FROM articles
    SEMI JOIN touched USING (source_id)
    WHERE {published_date} IS NOT NULL
),
given_day AS (
    SELECT source_id, {published_date} AS day, longest_pause
    FROM articles
    JOIN given USING (source_id, article_id)
    SEMI JOIN (FROM asked WHERE is_polled) AS polled USING (source_id)
    WHERE {published_date} IS NOT NULL
    UNION
    SELECT source_id, day, longest_pause
    FROM known_day
    JOIN asked USING (source_id)
    WHERE NOT is_polled
),
block AS (
    SELECT source_id, min(day) AS first_day, max(day) AS last_day, count(*) AS days,
           max(last_day) OVER (PARTITION BY source_id) AS newest
    FROM (
        SELECT source_id, longest_pause, day,
               sum(is_first) OVER (PARTITION BY source_id, longest_pause ORDER BY day) AS block
        FROM (
            SELECT *, coalesce(day - lag(day) OVER (PARTITION BY source_id, longest_pause
                                                    ORDER BY day) > longest_pause,
                               true)::INTEGER AS is_first
            FROM given_day
        )
    )
    GROUP BY source_id, longest_pause, block
),
opened AS (
    SELECT source_id, first_day, last_day
    FROM block
    WHERE days >= 5 OR (last_day = newest AND source_id NOT IN (SELECT source_id FROM span))
    UNION ALL
    SELECT source_id, least(first_poll, polled_from), last_poll FROM span
    UNION ALL
    -- A first listing of few entries does not show how far back it reaches, but its articles are counted.
    SELECT source_id, day, day
    FROM known_day
    JOIN span USING (source_id)
    WHERE polled_from >= first_poll AND day BETWEEN first_poll - 7 AND first_poll
    UNION ALL
    -- An article may be dated up to two days ahead. A source polled by an earlier version has all days.
    SELECT source_id, day, day
    FROM known_day
    JOIN span USING (source_id)
    WHERE day BETWEEN if(is_earlier, day, last_poll) AND last_poll + 2
)
SELECT source_id, min(opened.first_day) AS first_day,
       greatest(max(opened.last_day), if(is_configured AND span.source_id IS NOT NULL,
                                         day_of{local}(asked_at, zone) - 1, NULL)) AS last_day,
       polled_from
FROM opened
LEFT JOIN span USING (source_id)
JOIN source_zones USING (source_id)
JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
CROSS JOIN (SELECT max(last_attempt_at) AS asked_at FROM sources)
GROUP BY source_id, polled_from, is_configured, span.source_id, asked_at, zone
