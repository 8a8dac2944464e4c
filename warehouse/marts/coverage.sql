-- Grain: one source and UTC day, from the first to the last day known of the source.
-- Sources that only archives know have no calendar: nobody watches them.
-- Counts the days anew that the load touches, and leaves them in `changed_days`.
--
-- The day of a page is its article's published_date; without an article, the date that the listing
-- gives, else the day of the first attempt at its URL. Dates of a listing before 1990 or three days
-- after the attempt are not believed: `<pubDate>` 1970-01-01 and 2099 are out there. A page whose article is undated has no day.
-- A URL counts once, however often it was asked for: it has failed when no attempt gave an article
-- and the last one leaves open that there is one (outcomes.is_loss).
-- The day of a listing is the day of the attempt; a 304 reads it as well as a 200.
-- Days that a listing read later reaches back over are spanned (listing_reaches).
--
-- missing   no article of the day, and either a page of it lost or no listing read on it or across it
-- partial   otherwise, when pages or listings failed, or articles are fewer than expected_low
-- observed  otherwise; a day of which listings were read and named nothing is a true zero
CREATE OR REPLACE TEMP MACRO utc_day(moment) AS make_timestamp(epoch_us(moment))::DATE;

CREATE OR REPLACE TEMP MACRO believed(entry_published_at, attempted_at) AS if(
    entry_published_at BETWEEN TIMESTAMPTZ '1990-01-01 00:00:00+00'
                           AND attempted_at + INTERVAL 3 DAY, entry_published_at, NULL);

CREATE OR REPLACE TEMP VIEW page_captures AS
SELECT source_id, url_hash, article_id, attempted_at, entry_published_at
FROM captures
WHERE kind IN ('page', 'file') AND NOT starts_with(source_id, 'archive-');

-- All days that a page of the load, or of a changed article, may have had or may have now.
CREATE OR REPLACE TEMP TABLE touched_urls AS
SELECT source_id, url_hash FROM new_captures
WHERE kind IN ('page', 'file') AND NOT starts_with(source_id, 'archive-')
UNION
SELECT source_id, url_hash
FROM page_captures SEMI JOIN changed_articles USING (article_id);

-- By hash and place: a join by the URL reads the URLs of all captures.
CREATE OR REPLACE TEMP TABLE touched_pages AS
SELECT source_id, article_id, attempted_at, entry_published_at
FROM captures
WHERE kind IN ('page', 'file')
  AND rowid IN (
      SELECT captures.rowid FROM captures SEMI JOIN touched_urls USING (source_id, url_hash));

CREATE OR REPLACE TEMP TABLE touched_days AS
SELECT source_id, day
FROM (
    SELECT source_id, utc_day(attempted_at) AS day FROM touched_pages
    UNION
    SELECT source_id, utc_day(believed(entry_published_at, attempted_at)) FROM touched_pages
    UNION
    SELECT pages.source_id, published_date
    FROM touched_pages AS pages
    JOIN (FROM articles SEMI JOIN touched_pages USING (article_id)) USING (article_id)
    UNION
    SELECT pages.source_id, published_date
    FROM touched_pages AS pages
    JOIN changed_articles USING (article_id)
    UNION
    SELECT source_id, published_date FROM changed_articles
    UNION
    SELECT source_id, utc_day(attempted_at) FROM new_captures WHERE kind = 'listing'
    UNION
    SELECT source_id, unnest(generate_series(oldest_day, read_day, INTERVAL 1 DAY))::DATE
    FROM listing_reaches
    SEMI JOIN new_captures USING (capture_id)
    UNION
    SELECT source_id, day FROM coverage SEMI JOIN changed_sources USING (source_id)
)
WHERE day IS NOT NULL AND NOT starts_with(source_id, 'archive-');

-- Their pages: by the day of their article, or by the days that one without an article may have.
CREATE OR REPLACE TEMP TABLE dated AS
SELECT article_id, published_date FROM articles WHERE published_date IN (SELECT day FROM touched_days);

CREATE OR REPLACE TEMP TABLE counted_urls AS
SELECT pages.source_id, url_hash
FROM page_captures AS pages
JOIN dated USING (article_id)
SEMI JOIN touched_days
    ON touched_days.source_id = pages.source_id AND touched_days.day = published_date
UNION
SELECT source_id, url_hash
FROM (
    SELECT source_id, url_hash, unnest([
               utc_day(believed(entry_published_at, attempted_at)), utc_day(attempted_at)]) AS day
    FROM page_captures
    WHERE article_id IS NULL
)
SEMI JOIN touched_days USING (source_id, day);

CREATE OR REPLACE TEMP TABLE counted_pages AS
SELECT source_id, url_requested, article_id, outcome, attempted_at, entry_published_at
FROM captures
WHERE kind IN ('page', 'file')
  AND rowid IN (
      SELECT captures.rowid FROM captures SEMI JOIN counted_urls USING (source_id, url_hash));

CREATE OR REPLACE TEMP TABLE counted AS
WITH urls AS (
    SELECT pages.source_id, url_requested,
           bool_or(class = 'article') AS gave_article,
           bool_or(class IN ('article', 'no_article', 'unreadable')) AS came,
           arg_max(is_loss, attempted_at) AS is_lost,
           arg_max(published_date, attempted_at) AS published_date,
           arg_max(believed(entry_published_at, attempted_at), attempted_at) AS entry_at,
           min(attempted_at) AS first_attempt_at
    FROM counted_pages AS pages
    JOIN outcomes USING (outcome)
    LEFT JOIN (
        SELECT article_id, published_date FROM articles SEMI JOIN counted_pages USING (article_id)
    ) AS dates USING (article_id)
    GROUP BY ALL
),
pages AS (
    SELECT source_id,
           if(gave_article, published_date, utc_day(coalesce(entry_at, first_attempt_at))) AS day,
           count(*) AS discovered,
           count(*) FILTER (came) AS fetched,
           count(*) FILTER (is_lost AND NOT gave_article) AS failed
    FROM urls
    GROUP BY ALL
),
listings AS (
    SELECT source_id, day,
           count(*) FILTER (was_read) AS listings_read,
           count(*) FILTER (NOT was_read) AS listings_failed
    FROM (
        SELECT source_id, day, url_requested, bool_or(class = 'listing') AS was_read
        FROM (SELECT *, utc_day(attempted_at) AS day FROM captures WHERE kind = 'listing')
        SEMI JOIN touched_days USING (source_id, day)
        JOIN outcomes USING (outcome)
        GROUP BY ALL
    )
    GROUP BY ALL
),
texts AS (
    SELECT source_id, day, count(*) AS extracted, count(*) FILTER (is_truncated) AS truncated
    FROM (SELECT source_id, published_date AS day, is_truncated FROM articles)
    SEMI JOIN touched_days USING (source_id, day)
    GROUP BY ALL
)
SELECT source_id, day,
       coalesce(COLUMNS(* EXCLUDE (source_id, day)), 0)
FROM touched_days
JOIN (
    SELECT * FROM pages
    FULL JOIN listings USING (source_id, day)
    FULL JOIN texts USING (source_id, day)
) AS found USING (source_id, day);

DELETE FROM coverage
USING touched_days
WHERE coverage.source_id = touched_days.source_id AND coverage.day = touched_days.day;

CREATE OR REPLACE TEMP TABLE calendar AS
SELECT source_id, min(day) AS first_day, max(day) AS last_day
FROM (
    SELECT source_id, day FROM coverage
    WHERE discovered > 0 OR extracted > 0 OR listings_read > 0 OR listings_failed > 0
    UNION ALL
    SELECT source_id, day FROM counted
)
GROUP BY source_id;

DELETE FROM coverage
WHERE NOT EXISTS (
    FROM calendar
    WHERE calendar.source_id = coverage.source_id AND day BETWEEN first_day AND last_day);

CREATE OR REPLACE TEMP TABLE changed_days AS
SELECT source_id, day, coalesce(COLUMNS(counted.* EXCLUDE (source_id, day)), 0)
FROM (
    SELECT source_id, unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))::DATE AS day
    FROM calendar
)
ANTI JOIN coverage USING (source_id, day)
LEFT JOIN counted USING (source_id, day);

INSERT INTO coverage BY NAME
WITH silent AS (
    SELECT source_id, day FROM changed_days WHERE extracted = 0 AND listings_read = 0
),
spanned AS (
    SELECT DISTINCT silent.source_id, day
    FROM silent
    JOIN listing_reaches AS reaching
        ON reaching.source_id = silent.source_id AND day > oldest_day AND day < read_day
),
judged AS (
    SELECT changed_days.*, spanned.day IS NOT NULL AS is_spanned,
           list_filter([
               if(extracted = 0 AND listings_read = 0 AND NOT is_spanned, 'no_listing_read', NULL),
               if(failed > 0, 'pages_lost', NULL),
               if(listings_failed > 0, 'listings_failed', NULL),
               if(extracted < expected_low, 'below_expected_low', NULL),
               if(extracted > expected_high, 'above_expected_high', NULL)
           ], lambda reason: reason IS NOT NULL) AS reasons
    FROM changed_days
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
