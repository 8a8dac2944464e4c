-- Grain: one source and run that asked for its listings.
-- The five unanswered pages are FAILURES_IN_A_ROW of tasks/collect.py, after which a run gives up.
CREATE VIEW polls AS
WITH each_poll AS (
    SELECT run_id, source_id,
           max(attempted_at) FILTER (kind = 'listing') AS polled_at,
           count(DISTINCT url_requested) FILTER (kind = 'listing' AND class = 'listing')
               AS listings_read,
           list(DISTINCT url_requested ORDER BY url_requested) FILTER (kind = 'listing')
               AS listings,
           list(DISTINCT url_requested ORDER BY url_requested)
               FILTER (kind = 'listing' AND class <> 'listing') AS unread,
           min({'attempted_at': attempted_at, 'outcome': outcome, 'detail': detail})
               FILTER (kind = 'listing' AND class <> 'listing') AS first_unread,
           max({'attempted_at': attempted_at, 'outcome': outcome, 'detail': detail})
               FILTER (kind = 'page' AND is_unanswered) AS last_unanswered,
           max(attempted_at, 5) FILTER (kind = 'page' AND is_unanswered) AS unanswered_at,
           max(attempted_at) FILTER (kind = 'page' AND NOT is_unanswered) AS answered_at,
           count(http_status) AS answers
    FROM captures
    JOIN outcomes USING (outcome)
    GROUP BY run_id, source_id
    HAVING listings IS NOT NULL
),
papers AS (
    SELECT count(*) AS polled
    FROM sources
    SEMI JOIN each_poll USING (source_id)
    WHERE is_configured
),
cut_off AS (
    SELECT run_id
    FROM each_poll
    GROUP BY run_id
    HAVING sum(answers) = 0 AND count(*) > greatest(2, (SELECT polled FROM papers) / 2)
),
judged AS (
    SELECT each_poll.*,
           CASE WHEN listings_read > 0 AND unanswered_at[5] > coalesce(answered_at, '-infinity')
                    THEN 'fell_silent'
                WHEN listings_read > 0 THEN 'read'
                WHEN run_id IN (FROM cut_off) THEN 'cut_off'
                ELSE 'failed'
           END AS ended
    FROM each_poll
),
told AS (
    SELECT *, CASE ended WHEN 'fell_silent' THEN last_unanswered ELSE first_unread END AS failure
    FROM judged
)
SELECT told.run_id, source_id, sequence, polled_at, ended, told.listings, listings_read,
       unread,
       CASE WHEN failure IS NOT NULL THEN greatest(polled_at, failure.attempted_at) END
           AS failed_at,
       failure.outcome AS failure_outcome, failure.detail AS failure_detail
FROM told
JOIN runs USING (run_id);

COMMENT ON VIEW polls IS
    'Which runs asked a paper for its listings, and whether they could read them.';
COMMENT ON COLUMN polls.run_id IS 'Run';
COMMENT ON COLUMN polls.source_id IS 'The paper, as in sources';
COMMENT ON COLUMN polls.sequence IS 'Place of the run in the order in which runs were partitioned';
COMMENT ON COLUMN polls.polled_at IS 'Time of the last attempt at a listing (UTC)';
COMMENT ON COLUMN polls.ended IS
    'read: at least one listing; failed: none; fell_silent: listings were read, but the last five pages asked for brought no answer; cut_off: none, and no paper of the run answered at all, though more than half of all were asked and at least three, so that the fault is on this side';
COMMENT ON COLUMN polls.listings IS 'Listings asked for';
COMMENT ON COLUMN polls.listings_read IS 'How many of them were read, or found unchanged';
COMMENT ON COLUMN polls.unread IS 'Those that could not be read; NULL when all could';
COMMENT ON COLUMN polls.failed_at IS
    'Time of the last attempt without success (UTC); NULL when all listings were read and the pages answered';
COMMENT ON COLUMN polls.failure_outcome IS
    'How the attempt ended, as in outcomes: at the first listing that could not be read; of a paper that fell silent, at the last page';
COMMENT ON COLUMN polls.failure_detail IS 'More about that attempt';
