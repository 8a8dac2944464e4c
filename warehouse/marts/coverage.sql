-- Grain: one source and UTC day, from the first to the last day known of the source.
-- Key: source_id, day
-- Compared: extracted, state
-- Touched by: source_id, day FROM changed_pages
-- Touched by: source_id, published_date FROM changed_articles
-- Touched by: source_id, utc_day(attempted_at) FROM added_captures WHERE kind = 'listing'
-- Touched by: source_id, unnest(days_between(oldest_day, read_day)) FROM changed_listing_reaches
-- Touched by: source_id, day FROM coverage SEMI JOIN changed_sources USING (source_id)
-- Touched by: source_id, unnest(days_between(first_day, last_day)) FROM source_calendars
--     EXCEPT SELECT source_id, day FROM coverage
-- Touched by: source_id, day FROM coverage ANTI JOIN source_calendars AS calendar
--     ON calendar.source_id = coverage.source_id AND day BETWEEN first_day AND last_day
--
-- A page counts once, on its day, however often it was asked for: it has failed when no attempt gave
-- an article and the last one leaves open that there is one.
-- The day of a listing is the day of the attempt; a 304 reads it as well as a 200.
-- Days that a listing read later reaches back over are spanned (listing_reaches).
--
-- missing   no article of the day, and either a page of it lost or no listing read on it or across it
-- partial   otherwise, when pages or listings failed, or articles are fewer than expected_low
-- observed  otherwise; a day of which listings were read and named nothing is a true zero
WITH calendar_day AS (
    SELECT touched.*
    FROM touched
    JOIN source_calendars AS calendar
        ON calendar.source_id = touched.source_id AND day BETWEEN first_day AND last_day
),
found AS (
    SELECT source_id, day,
           count(*) AS discovered,
           count(*) FILTER (was_read) AS fetched,
           count(*) FILTER (is_lost AND NOT gave_article) AS failed
    FROM pages
    SEMI JOIN touched USING (source_id, day)
    GROUP BY ALL
),
asked AS (
    SELECT source_id, utc_day(attempted_at) AS day, url_requested,
           bool_or(class = 'listing') AS was_read
    FROM captures
    JOIN outcomes USING (outcome)
    WHERE kind = 'listing'
      -- Known before the captures are read, so that those of other days are skipped.
      AND attempted_at >= (SELECT min(day) FROM touched)
      AND attempted_at < (SELECT max(day) + 1 FROM touched)
    GROUP BY ALL
),
listings AS (
    SELECT source_id, day,
           count(*) FILTER (was_read) AS listings_read,
           count(*) FILTER (NOT was_read) AS listings_failed
    FROM asked
    GROUP BY ALL
),
texts AS (
    SELECT source_id, published_date AS day,
           count(*) AS extracted, count(*) FILTER (is_truncated) AS truncated
    FROM articles
    SEMI JOIN touched ON touched.source_id = articles.source_id AND touched.day = published_date
    GROUP BY ALL
),
spanned AS (
    SELECT DISTINCT calendar_day.source_id, day
    FROM calendar_day
    JOIN listing_reaches AS reaching
        ON reaching.source_id = calendar_day.source_id AND day > oldest_day AND day < read_day
),
counted AS (
    SELECT source_id, day,
           coalesce(discovered, 0) AS discovered, coalesce(fetched, 0) AS fetched,
           coalesce(extracted, 0) AS extracted, coalesce(truncated, 0) AS truncated,
           coalesce(failed, 0) AS failed,
           coalesce(listings_read, 0) AS listings_read,
           coalesce(listings_failed, 0) AS listings_failed,
           coalesce(extracted, 0) = 0 AND coalesce(listings_read, 0) = 0
               AND spanned.day IS NOT NULL AS is_spanned
    FROM calendar_day
    LEFT JOIN found USING (source_id, day)
    LEFT JOIN listings USING (source_id, day)
    LEFT JOIN texts USING (source_id, day)
    LEFT JOIN spanned USING (source_id, day)
),
judged AS (
    SELECT counted.*,
           list_filter([
               if(extracted = 0 AND listings_read = 0 AND NOT is_spanned, 'no_listing_read', NULL),
               if(failed > 0, 'pages_lost', NULL),
               if(listings_failed > 0, 'listings_failed', NULL),
               if(extracted < expected_low, 'below_expected_low', NULL),
               if(extracted > expected_high, 'above_expected_high', NULL)
           ], lambda reason: reason IS NOT NULL) AS reasons
    FROM counted
    LEFT JOIN sources USING (source_id)
)
SELECT *,
       CASE WHEN extracted = 0 AND list_has_any(reasons, ['no_listing_read', 'pages_lost'])
                THEN 'missing'
            WHEN len(list_filter(reasons, lambda reason: reason <> 'above_expected_high')) > 0
                THEN 'partial'
            ELSE 'observed'
       END AS state
FROM judged
ORDER BY source_id, day
