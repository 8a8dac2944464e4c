-- Grain: one source.
-- In seconds: greatest() of DuckDB 2.0.1 and 1.5.6 takes 97 hours for less than a day.
CREATE OR REPLACE VIEW source_health AS
WITH polled AS (
    FROM source_polls
),
told AS (
    SELECT source_id, first_seen_at, least(coalesce(published_at, first_seen_at), first_seen_at) AS moment
    FROM articles
),
newest AS (
    SELECT source_id, max(first_seen_at) AS last_new_article_at, max(moment) AS newest_at
    FROM told
    GROUP BY source_id
),
-- The third longest pause: four weeks have four weekends, and two further pauses, such as holidays or
-- outages, are ignored.
rhythm AS (
    SELECT source_id, max(pause, 3)[-1] AS usual_pause, min(moment) AS oldest_at
    FROM (
        SELECT source_id, moment,
               epoch(moment) - epoch(lag(moment) OVER (PARTITION BY source_id ORDER BY moment))
                   AS pause
        FROM told
        JOIN newest USING (source_id)
        WHERE moment >= newest_at - INTERVAL 56 DAY
    )
    GROUP BY source_id
),
expected AS (
    SELECT source_id,
           coalesce(newest_at, first_run_at) AS since,
           to_seconds(CASE WHEN expected_low IS NULL THEN NULL
                           WHEN epoch(newest_at) - epoch(oldest_at) >= 28 * 86400
                               THEN greatest(86400, 1.5 * usual_pause)
                           WHEN expected_low > 0 THEN 4 * 86400
                      END) AS patience
    FROM sources
    LEFT JOIN polled USING (source_id)
    LEFT JOIN newest USING (source_id)
    LEFT JOIN rhythm USING (source_id)
),
filed AS (
    SELECT DISTINCT source_id FROM captures WHERE kind = 'file'
),
collected AS (
    SELECT source_id,
           round(sum(estimated_lost), 2) AS estimated_lost,
           CASE WHEN sum(estimated_published) = 0 THEN 1
                ELSE sum(extracted) FILTER (estimated_published IS NOT NULL)
                         / sum(estimated_published)
           END AS completeness,
           count(estimated_published) AS days_estimated, count(*) AS days,
           sum(undated)::BIGINT AS undated,
           -- As in coverage_gaps: the first day, and the last days that are only partly read.
           count(*) FILTER (
               state <> 'observed'
               AND NOT (list_has_all(['partly_read', 'below_expected_low', 'above_expected_high'], reasons)
                        AND list_contains(reasons, 'partly_read') AND day IN (first_day, last_asked))
               AND NOT (list_has_all(['no_listing_read', 'partly_read', 'below_expected_low',
                                      'above_expected_high'], reasons)
                        AND day > last_asked AND day >= today))
               AS days_unobserved,
           bool_or(day > last_asked AND day < today) AS is_not_asked
    FROM coverage
    JOIN (
        SELECT source_id, min(day) AS first_day, max(day) AS last_day,
               coalesce(max(day) FILTER (listings_read > 0 OR listings_failed > 0), max(day))
                   AS last_asked
        FROM coverage
        GROUP BY source_id
    ) AS asked USING (source_id)
    CROSS JOIN (SELECT (max(last_attempt_at) AT TIME ZONE 'UTC')::DATE AS today FROM sources)
    WHERE day > last_day - 28
    GROUP BY source_id
),
-- Section pages keep the links of days: three reads without any are no quiet night.
without_links AS (
    SELECT source_id, list_sort(list(listing)) AS empty_sections
    FROM (
        SELECT source_id, listing, max(struct_pack(read_at := read_at, entries := entries), 3) AS reads
        FROM listing_reads
        WHERE kind = 'section'
        GROUP BY source_id, listing
    )
    JOIN (SELECT source_id, arg_max(listings, sequence) AS asked FROM polls GROUP BY source_id)
        USING (source_id)
    WHERE len(reads) = 3 AND list_contains(asked, listing)
      AND reads[1].entries = 0 AND reads[2].entries = 0 AND reads[3].entries = 0
    GROUP BY source_id
),
-- Of the listings that decide what was read of the day, as in coverage.
rolled_over AS (
    SELECT reads.source_id, max(read_at) AS last_rolled_over_at,
           arg_max(hours_since_previous, read_at) AS pause,
           CASE WHEN pause > 1.5 * any_value(interval_minutes) / 60 THEN pause END AS hours_unpolled
    FROM listing_reads AS reads
    LEFT JOIN poll_intervals USING (source_id)
    SEMI JOIN coverage
        ON coverage.source_id = reads.source_id
       AND day = ((covers_from - INTERVAL 1 MICROSECOND) AT TIME ZONE 'UTC')::DATE
       AND list_contains(reasons, 'listing_rolled_over')
    WHERE rolled_over AND covers_from > previous_read_at
    GROUP BY reads.source_id
),
judged AS (
    SELECT source_id, is_configured,
           last_poll = 'cut_off' AS is_cut_off,
           filed.source_id IS NOT NULL AS has_files,
           last_run_at, last_success_at, last_new_article_at,
           CASE WHEN is_configured AND is_not_asked AND coalesce(open_until <= now(), true)
                THEN last_run_at END AS not_asked_since,
           coalesce(failures_in_a_row, 0) AS failures_in_a_row,
           last_failure_at, last_failure_outcome, last_failure_detail, open_until,
           since + patience AS silent_from,
           is_configured AND coalesce(last_asked_at >= since + patience, false) AS is_silent,
           CASE WHEN is_silent THEN since END AS silent_since,
           coalesce(failed_listings, []) AS failed_listings,
           coalesce(unread_listings, []) AS unread_listings,
           coalesce(empty_sections, []) AS empty_sections,
           rejected_share, rejected_share_before,
           coalesce(is_rejecting_more, false) AS is_rejecting_more,
           coalesce(needs_javascript, 0) AS needs_javascript, needs_javascript_share,
           last_rolled_over_at, hours_unpolled, estimated_lost, completeness,
           coalesce(days_estimated, 0) AS days_estimated, coalesce(days, 0) AS days,
           coalesce(days_unobserved, 0) AS days_unobserved,
           coalesce(undated, 0) AS undated
    FROM sources
    LEFT JOIN polled USING (source_id)
    LEFT JOIN newest USING (source_id)
    LEFT JOIN expected USING (source_id)
    LEFT JOIN filed USING (source_id)
    LEFT JOIN without_links USING (source_id)
    LEFT JOIN rejection_rates USING (source_id)
    LEFT JOIN collected USING (source_id)
    LEFT JOIN rolled_over USING (source_id)
)
SELECT source_id,
       CASE WHEN NOT is_configured THEN 'retired'
            WHEN last_run_at IS NULL AND has_files THEN 'files_only'
            WHEN last_run_at IS NULL THEN 'new'
            WHEN open_until > now() AND last_failure_at <= now() THEN 'open'
            WHEN not_asked_since IS NOT NULL THEN 'not_asked'
            WHEN is_cut_off THEN 'cut_off'
            WHEN failures_in_a_row > 0 THEN 'failing'
            WHEN is_silent THEN 'silent'
            ELSE 'healthy'
       END AS state,
       * EXCLUDE (source_id, is_configured, is_cut_off, has_files)
FROM judged
ORDER BY source_id;

COMMENT ON VIEW source_health IS
    'Which sources fail, are skipped because they fail, are no longer asked, have fallen silent, lose articles, or reject more pages than before. A failure is a run in which no listing could be read, or whose pages got no answer any more, as in polls.';
COMMENT ON COLUMN source_health.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN source_health.state IS
    'open: skipped until open_until; not_asked: not_asked_since; cut_off: the last run reached no source at all, as in polls, so the fault is on this side; failing: the last run failed, the next one asks; silent: is_silent; healthy; new: never asked for its listings; files_only: saved files, nothing to ask; retired: no longer in sources.toml. The first that holds, as of now';
COMMENT ON COLUMN source_health.last_run_at IS 'When its listings were last asked for (UTC)';
COMMENT ON COLUMN source_health.last_success_at IS
    'When one of them was last read, or found unchanged (UTC)';
COMMENT ON COLUMN source_health.last_new_article_at IS
    'When a new article of it was last collected (UTC)';
COMMENT ON COLUMN source_health.not_asked_since IS
    'Its last_run_at (UTC), if it is configured and was not asked for its listings on a whole day since, while any source was, nor is it skipped until open_until: these days are missing in coverage. NULL otherwise';
COMMENT ON COLUMN source_health.failures_in_a_row IS 'Failures since the last run without one';
COMMENT ON COLUMN source_health.last_failure_at IS 'Time of the last failure (UTC)';
COMMENT ON COLUMN source_health.last_failure_outcome IS
    'Its first listing''s outcome, or its last page''s where listings were read';
COMMENT ON COLUMN source_health.last_failure_detail IS 'More about it';
COMMENT ON COLUMN source_health.open_until IS
    'Runs skip it until then (UTC), by the rule in breaker; when that has passed the next run tries one listing. NULL when it has not failed so often';
COMMENT ON COLUMN source_health.silent_from IS
    'When a source with expected_daily counts as silent if nothing new comes (UTC): one and a half times its third longest pause of the last eight weeks, at least a day, after its newest article; of a source known for less than four weeks, four days if it is expected to have articles every day';
COMMENT ON COLUMN source_health.is_silent IS
    'Whether it was asked after silent_from and nothing new had come';
COMMENT ON COLUMN source_health.silent_since IS
    'Publication of its newest article (UTC), without one its first run; NULL unless is_silent';
COMMENT ON COLUMN source_health.failed_listings IS
    'Listings asked for in the runs of failures_in_a_row: a source with one that is not among them is asked at once';
COMMENT ON COLUMN source_health.unread_listings IS 'Those of the last run that could not be read';
COMMENT ON COLUMN source_health.empty_sections IS
    'Section pages that the last run asked for in which none of the last three reads found a link that looks like an article''s: nothing is collected from them';
COMMENT ON COLUMN source_health.rejected_share IS
    'Share of its last 12 pages that gave no article, as in rejection_rates';
COMMENT ON COLUMN source_health.rejected_share_before IS 'The same of up to 100 pages before them';
COMMENT ON COLUMN source_health.is_rejecting_more IS
    'Whether far more of its pages are rejected than before (rejection_rates): articles may be lost';
COMMENT ON COLUMN source_health.needs_javascript IS
    'How many of its last 112 pages of the last eight weeks, video pages and lists of articles aside, have no text before scripts have run, which they never do here (rejection_rates). Paywalled pages are not among them, nor are missing ones';
COMMENT ON COLUMN source_health.needs_javascript_share IS
    'Their share of these pages; NULL without any page';
COMMENT ON COLUMN source_health.last_rolled_over_at IS
    'Last read of a listing that named nothing of what it had named before (UTC), with a gap that no sitemap closed: articles came and went unseen';
COMMENT ON COLUMN source_health.hours_unpolled IS
    'Hours between that read and the one before it, where they are more than one and a half times the interval of poll_intervals: what was lost was lost while nothing was polled. NULL where the listing rolled over although it was polled in time';
COMMENT ON COLUMN source_health.estimated_lost IS
    'Articles that did so on the last 28 days of its calendar, as estimated in coverage; NULL without a gap between reads';
COMMENT ON COLUMN source_health.completeness IS
    'Share of what it published on these days that was collected, as estimated in coverage, of the days of which that can be said';
COMMENT ON COLUMN source_health.days_estimated IS 'How many of these days those are';
COMMENT ON COLUMN source_health.days IS
    'How many of the last 28 days its calendar has';
COMMENT ON COLUMN source_health.days_unobserved IS
    'How many of these days are partial or missing in coverage, without a first or last day of the calendar that was only read in part';
COMMENT ON COLUMN source_health.undated IS
    'Articles of pages of these days for which no date could be found, as in coverage: they count on no day';
