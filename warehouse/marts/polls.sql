-- Grain: one source and run that asked for its listings.
-- Key: run_id, source_id
-- Compared: ended, pages_to_retry
-- Touched by: DISTINCT run_id, source_id FROM run_captures WHERE kind = 'listing'
--
-- The five unanswered pages are MAX_FAILURES_IN_A_ROW of the collecting step, after which a run gives up.
WITH asked AS (
    SELECT run_id, source_id,
           max(attempted_at) FILTER (kind = 'listing') AS polled_at,
           list(DISTINCT url_requested ORDER BY url_requested) FILTER (kind = 'listing')
               AS listings,
           count(DISTINCT url_requested) FILTER (kind = 'listing' AND class = 'listing')
               AS listings_read,
           coalesce(list(DISTINCT url_requested ORDER BY url_requested)
               FILTER (kind = 'listing' AND class <> 'listing'), []) AS unread,
           arg_min({'at': attempted_at, 'outcome': outcome, 'detail': detail},
                   (attempted_at, capture_id))
               FILTER (kind = 'listing' AND class <> 'listing') AS first_unread,
           arg_max({'at': attempted_at, 'outcome': outcome, 'detail': detail},
                   (attempted_at, capture_id))
               FILTER (kind = 'page' AND is_unanswered) AS last_unanswered,
           max(attempted_at, 5) FILTER (kind = 'page' AND is_unanswered) AS unanswered_at,
           max(attempted_at) FILTER (kind = 'page' AND NOT is_unanswered
                                     AND outcome <> 'left_for_later') AS answered_at,
           count(*) FILTER (kind = 'page' AND is_retryable) AS pages_to_retry,
           count(http_status) AS answers
    FROM run_captures
    JOIN outcomes USING (outcome)
    -- Without listings for which the run had no time, and without sitemaps that were read only to
    -- recover lost entries.
    WHERE kind <> 'listing' OR (outcome <> 'left_for_later' AND found_in IS DISTINCT FROM 'recovery')
    GROUP BY run_id, source_id
    HAVING listings IS NOT NULL
),
judged AS (
    SELECT *,
           sum(answers) OVER (PARTITION BY run_id)::BIGINT AS run_answers,
           CASE WHEN listings_read = 0 THEN 'failed'
                WHEN unanswered_at[5] > coalesce(answered_at, '-infinity') THEN 'fell_silent'
                ELSE 'read'
           END AS ended,
           if(ended = 'fell_silent', last_unanswered, first_unread) AS failure
    FROM asked
),
placed AS (
    SELECT judged.*, sequence
    FROM judged
    JOIN runs USING (run_id)
),
known AS (
    SELECT run_id, source_id, sequence, listings_read, run_answers
    FROM (FROM polls UNION ALL BY NAME FROM placed)
),
-- From the last run before them that a host answered; no row is sorted when a host answered all runs.
recent AS (
    SELECT *, max(sequence) FILTER (run_answers > 0) OVER (ORDER BY sequence) AS answered
    FROM known
    WHERE sequence >= (
        SELECT if(first IS NULL, NULL, coalesce(max(sequence), 0))
        FROM (SELECT min(sequence) AS first FROM placed WHERE run_answers = 0)
        LEFT JOIN (SELECT sequence FROM known WHERE run_answers > 0) ON sequence < first
        GROUP BY first
    )
),
-- A run may ask for few sources: they are counted over all runs in a row that no host answered.
unanswered AS (
    SELECT run_id, source_id, sequence, answered,
           row_number() OVER (PARTITION BY answered, source_id ORDER BY sequence) = 1 AS is_first
    FROM recent
    WHERE run_answers = 0
),
-- Judged by earlier runs alone, so that a rebuild judges as the loads did.
cut_off AS (
    SELECT run_id
    FROM unanswered
    ASOF LEFT JOIN (SELECT source_id, sequence, listings_read FROM known WHERE run_answers > 0) AS before
        ON before.source_id = unanswered.source_id AND unanswered.sequence > before.sequence
    WINDOW so_far AS (PARTITION BY answered ORDER BY unanswered.sequence)
    QUALIFY count(*) FILTER (is_first) OVER so_far >= 3
        AND 2 * count(*) FILTER (is_first AND before.listings_read > 0) OVER so_far
            > count(*) FILTER (is_first) OVER so_far
)
SELECT run_id, source_id, sequence, polled_at, listings, listings_read, unread, pages_to_retry,
       run_answers,
       if(run_id IN (FROM cut_off), 'cut_off', ended) AS ended,
       if(failure IS NULL, NULL, greatest(polled_at, failure.at)) AS failed_at,
       failure.outcome AS failure_outcome, failure.detail AS failure_detail
FROM placed
