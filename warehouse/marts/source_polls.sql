-- Grain: one source that was asked for its listings.
-- In seconds: least() of DuckDB 2.0.1 and 1.5.6 takes 97 hours for less than a day.
CREATE OR REPLACE VIEW source_polls AS
WITH good AS (
    SELECT source_id, max(sequence) AS sequence
    FROM polls
    WHERE ended = 'read'
    GROUP BY source_id
),
polled AS (
    SELECT source_id,
           min(polled_at) AS first_run_at,
           arg_max(polled_at, sequence) AS last_run_at,
           arg_max(polled_at, sequence) FILTER (ended <> 'cut_off') AS last_asked_at,
           arg_max(polled_at, sequence) FILTER (listings_read > 0) AS last_success_at,
           list_sort(list_distinct(flatten(list(listings) FILTER (is_in_row)))) AS failed_listings,
           arg_max(unread, sequence) AS unread_listings,
           arg_max(ended, sequence) AS last_poll,
           count(*) FILTER (is_in_row) AS failures_in_a_row,
           arg_max({'at': failed_at, 'outcome': failure_outcome, 'detail': failure_detail},
                   sequence) FILTER (is_failure) AS last_failure
    FROM (
        SELECT polls.*, ended IN ('failed', 'fell_silent') AS is_failure,
               is_failure AND polls.sequence > coalesce(good.sequence, 0) AS is_in_row
        FROM polls
        LEFT JOIN good USING (source_id)
    )
    GROUP BY source_id
)
SELECT source_id, first_run_at, last_run_at, last_asked_at, last_success_at, last_poll,
       failures_in_a_row,
       last_failure.at AS last_failure_at,
       last_failure.outcome AS last_failure_outcome,
       last_failure.detail AS last_failure_detail,
       CASE WHEN failures_in_a_row >= opens_after
            THEN last_failure.at + to_seconds(least(
                epoch(longest_pause),
                epoch(first_pause) * 2 ** least(failures_in_a_row - opens_after, 30)))
       END AS open_until,
       coalesce(failed_listings, []) AS failed_listings,
       coalesce(unread_listings, []) AS unread_listings
FROM polled
LEFT JOIN breaker ON true;

COMMENT ON VIEW source_polls IS
    'How requests for the listings of a source ended, over all runs: source_health without the articles. A failure is a run in which no listing could be read, or whose pages got no answer any more, as in polls.';
COMMENT ON COLUMN source_polls.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN source_polls.first_run_at IS 'When its listings were first asked for (UTC)';
COMMENT ON COLUMN source_polls.last_run_at IS 'When its listings were last asked for (UTC)';
COMMENT ON COLUMN source_polls.last_asked_at IS
    'The same, without runs that reached no source at all (UTC)';
COMMENT ON COLUMN source_polls.last_success_at IS
    'When one of them was last read, or found unchanged (UTC)';
COMMENT ON COLUMN source_polls.last_poll IS 'How the last one ended, as in polls';
COMMENT ON COLUMN source_polls.failures_in_a_row IS 'Failures since the last run without one';
COMMENT ON COLUMN source_polls.last_failure_at IS 'Time of the last failure (UTC)';
COMMENT ON COLUMN source_polls.last_failure_outcome IS
    'Its first listing''s outcome, or its last page''s where listings were read';
COMMENT ON COLUMN source_polls.last_failure_detail IS 'More about it';
COMMENT ON COLUMN source_polls.open_until IS
    'Runs skip the source until then (UTC), by the rule in breaker; NULL when it has not failed so often';
COMMENT ON COLUMN source_polls.failed_listings IS
    'Listings asked for in the runs of failures_in_a_row';
COMMENT ON COLUMN source_polls.unread_listings IS 'Those of the last run that could not be read';
