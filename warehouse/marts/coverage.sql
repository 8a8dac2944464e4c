-- Grain: one source and UTC day, from the first to the last day known of the source.
--
-- The day of a page is its article's published_date; without an article, the date that the listing
-- gives, else the day of the first attempt at its URL. Dates of a listing before 1990 or three days
-- after the attempt are not believed: `<pubDate>` 1970-01-01 and 2099 are out there. A page whose article is undated has no day.
-- A URL counts once, however often it was asked for: it has failed when no attempt gave an article
-- and the last one leaves open that there is one (outcomes.is_loss).
-- The day of a listing is the day of the attempt; a 304 reads it as well as a 200.
--
-- A listing reaches back to the pages fetched from it thereafter, a week at most, since papers pin old
-- stories. Days between such a page and the reading are spanned.
--
-- missing   no article of the day, and either a page of it lost or no listing read on it or across it
-- partial   otherwise, when pages or listings failed, or articles are fewer than expected_low
-- observed  otherwise; a day of which listings were read and named nothing is a true zero
DELETE FROM coverage;

INSERT INTO coverage BY NAME
WITH urls AS (
    SELECT captures.source_id, captures.url_requested,
           bool_or(class = 'article') AS gave_article,
           bool_or(class IN ('article', 'no_article', 'unreadable')) AS came,
           arg_max(is_loss, attempted_at) AS is_lost,
           arg_max(articles.published_date, attempted_at) AS published_date,
           arg_max(entry_published_at, attempted_at) FILTER (
               entry_published_at BETWEEN TIMESTAMPTZ '1990-01-01 00:00:00+00'
               AND attempted_at + INTERVAL 3 DAY) AS entry_published_at,
           min(attempted_at) AS first_attempt_at
    FROM captures
    JOIN outcomes USING (outcome)
    LEFT JOIN articles USING (article_id)
    WHERE kind IN ('page', 'file')
    GROUP BY ALL
),
pages AS (
    SELECT source_id,
           CASE WHEN gave_article THEN published_date
                ELSE (coalesce(entry_published_at, first_attempt_at) AT TIME ZONE 'UTC')::DATE
           END AS day,
           count(*) AS discovered,
           count(*) FILTER (came) AS fetched,
           count(*) FILTER (is_lost AND NOT gave_article) AS failed
    FROM urls
    GROUP BY ALL
    HAVING day IS NOT NULL
),
listings AS (
    SELECT source_id, day,
           count(*) FILTER (was_read) AS listings_read,
           count(*) FILTER (NOT was_read) AS listings_failed
    FROM (
        SELECT source_id, (attempted_at AT TIME ZONE 'UTC')::DATE AS day, url_requested,
               bool_or(class = 'listing') AS was_read
        FROM captures
        JOIN outcomes USING (outcome)
        WHERE kind = 'listing'
        GROUP BY ALL
    )
    GROUP BY ALL
),
texts AS (
    SELECT source_id, published_date AS day, count(*) AS extracted,
           count(*) FILTER (is_truncated) AS truncated
    FROM articles
    WHERE published_date IS NOT NULL
    GROUP BY ALL
),
known AS (
    SELECT source_id, day FROM pages
    UNION ALL SELECT source_id, day FROM listings
    UNION ALL SELECT source_id, day FROM texts
),
calendar AS (
    SELECT source_id, unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day
    FROM known
    GROUP BY source_id
),
counted AS (
    SELECT source_id, day,
           coalesce(discovered, 0) AS discovered,
           coalesce(fetched, 0) AS fetched,
           coalesce(extracted, 0) AS extracted,
           coalesce(truncated, 0) AS truncated,
           coalesce(failed, 0) AS failed,
           coalesce(listings_read, 0) AS listings_read,
           coalesce(listings_failed, 0) AS listings_failed
    FROM calendar
    LEFT JOIN pages USING (source_id, day)
    LEFT JOIN listings USING (source_id, day)
    LEFT JOIN texts USING (source_id, day)
),
reaching AS (
    SELECT DISTINCT page.source_id, (page.entry_published_at AT TIME ZONE 'UTC')::DATE AS oldest_day,
           (listing.attempted_at AT TIME ZONE 'UTC')::DATE AS read_day
    FROM captures AS page
    JOIN captures AS listing
        ON listing.run_id = page.run_id AND listing.source_id = page.source_id
       AND listing.url_requested = page.found_in AND listing.kind = 'listing'
    JOIN outcomes ON outcomes.outcome = listing.outcome AND outcomes.class = 'listing'
    WHERE page.kind = 'page' AND page.attempted_at >= listing.attempted_at
      AND page.entry_published_at > listing.attempted_at - INTERVAL 7 DAY
      AND page.entry_published_at < listing.attempted_at - INTERVAL 1 DAY
),
spanned AS (
    SELECT DISTINCT counted.source_id, counted.day
    FROM counted
    JOIN reaching ON reaching.source_id = counted.source_id
                 AND counted.day > oldest_day AND counted.day < read_day
    WHERE extracted = 0 AND listings_read = 0
),
judged AS (
    SELECT counted.*, spanned.day IS NOT NULL AS is_spanned,
           list_filter([
               if(extracted = 0 AND listings_read = 0 AND NOT is_spanned, 'no_listing_read', NULL),
               if(failed > 0, 'pages_lost', NULL),
               if(listings_failed > 0, 'listings_failed', NULL),
               if(extracted < expected_low, 'below_expected_low', NULL),
               if(extracted > expected_high, 'above_expected_high', NULL)
           ], lambda reason: reason IS NOT NULL) AS reasons
    FROM counted
    LEFT JOIN spanned USING (source_id, day)
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
ORDER BY source_id, day;
