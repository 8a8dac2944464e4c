-- Grain: one source and UTC day, from the first to the last day known of the source.
-- Sources that only archives know have no calendar: nobody watches them.
-- Counts the days anew that the load touches. Of these it leaves in `changed_days` the ones of which
-- topics may be counted otherwise than before: the row is another, or an article or the source changed;
-- `gone_days` are those that were in a calendar and are so no more.
--
-- A page counts once, on its day, however often it was asked for: it has failed when no attempt gave
-- an article and the last one leaves open that there is one.
-- The day of a listing is the day of the attempt; a 304 reads it as well as a 200.
-- Days that a listing read later reaches back over are spanned (listing_reaches).
--
-- missing   no article of the day, and either a page of it lost or no listing read on it or across it
-- partial   otherwise, when pages or listings failed, or articles are fewer than expected_low
-- observed  otherwise; a day of which listings were read and named nothing is a true zero
CREATE OR REPLACE TEMP TABLE touched_days AS
SELECT source_id, day
FROM (
    SELECT source_id, day FROM pages_before
    UNION
    SELECT source_id, day FROM pages WHERE rowid > getvariable('pages_end')
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

SET VARIABLE first_day = (SELECT min(day) FROM touched_days);
SET VARIABLE last_day = (SELECT max(day) FROM touched_days);

CREATE OR REPLACE TEMP TABLE counted AS
WITH found AS (
    SELECT source_id, day,
           count(*) AS discovered,
           count(*) FILTER (was_read) AS fetched,
           count(*) FILTER (is_lost AND NOT gave_article) AS failed
    FROM pages
    SEMI JOIN touched_days USING (source_id, day)
    GROUP BY ALL
),
listings AS (
    SELECT source_id, day,
           count(*) FILTER (was_read) AS listings_read,
           count(*) FILTER (NOT was_read) AS listings_failed
    FROM (
        SELECT source_id, day, url_requested, bool_or(class = 'listing') AS was_read
        FROM (
            SELECT *, utc_day(attempted_at) AS day
            FROM captures
            WHERE kind = 'listing' AND attempted_at >= getvariable('first_day')
              AND attempted_at < getvariable('last_day') + 1
        )
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
    SELECT * FROM found
    FULL JOIN listings USING (source_id, day)
    FULL JOIN texts USING (source_id, day)
) AS counts USING (source_id, day);

CREATE OR REPLACE TEMP TABLE coverage_before AS
FROM coverage
WHERE rowid IN (SELECT coverage.rowid FROM coverage SEMI JOIN touched_days USING (source_id, day));

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

CREATE OR REPLACE TEMP TABLE gone_days AS
SELECT source_id, day
FROM (SELECT source_id, day FROM coverage UNION FROM touched_days) AS known
ANTI JOIN calendar
    ON calendar.source_id = known.source_id AND known.day BETWEEN first_day AND last_day;

DELETE FROM coverage
USING gone_days
WHERE coverage.source_id = gone_days.source_id AND coverage.day = gone_days.day;

CREATE OR REPLACE TEMP TABLE counted_days AS
SELECT source_id, day, coalesce(COLUMNS(counted.* EXCLUDE (source_id, day)), 0)
FROM (
    SELECT source_id, unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))::DATE AS day
    FROM calendar
)
ANTI JOIN coverage USING (source_id, day)
LEFT JOIN counted USING (source_id, day);

CREATE OR REPLACE TEMP TABLE coverage_now AS FROM coverage LIMIT 0;

INSERT INTO coverage_now BY NAME
WITH silent AS (
    SELECT source_id, day FROM counted_days WHERE extracted = 0 AND listings_read = 0
),
spanned AS (
    SELECT DISTINCT silent.source_id, day
    FROM silent
    JOIN listing_reaches AS reaching
        ON reaching.source_id = silent.source_id AND day > oldest_day AND day < read_day
),
judged AS (
    SELECT counted_days.*, spanned.day IS NOT NULL AS is_spanned,
           list_filter([
               if(extracted = 0 AND listings_read = 0 AND NOT is_spanned, 'no_listing_read', NULL),
               if(failed > 0, 'pages_lost', NULL),
               if(listings_failed > 0, 'listings_failed', NULL),
               if(extracted < expected_low, 'below_expected_low', NULL),
               if(extracted > expected_high, 'above_expected_high', NULL)
           ], lambda reason: reason IS NOT NULL) AS reasons
    FROM counted_days
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
FROM judged;

INSERT INTO coverage FROM coverage_now ORDER BY source_id, day;

CREATE OR REPLACE TEMP TABLE changed_days AS
SELECT source_id, day FROM (FROM coverage_now EXCEPT FROM coverage_before)
UNION
SELECT source_id, day
FROM coverage_now
SEMI JOIN changed_articles
    ON changed_articles.source_id = coverage_now.source_id AND day = published_date
UNION
SELECT source_id, day FROM coverage_now SEMI JOIN changed_sources USING (source_id);

-- Whether the marts after this one may come out otherwise than before.
SET VARIABLE is_moved = EXISTS (FROM changed_days)
    OR EXISTS (FROM gone_days)
    OR EXISTS (FROM changed_articles)
    OR EXISTS (FROM changed_sources)
    OR EXISTS (FROM recounted)
    OR EXISTS (FROM replaced_topics)
    OR (SELECT is_open FROM vintage_rules);
