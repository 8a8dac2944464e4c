-- Grain: one configured source with pages that a listing named in the last eight weeks.
--
-- The last 12 pages against up to 100 before them, at least 24: a dozen is a day of a small source, and
-- if a tenth is usually rejected, half of a dozen is by chance once in 1,800 dozens.
-- Every paper has some video pages and true lists, which are no evidence of another layout: of these
-- only the doubtful ones count.
-- The eight weeks end with the last run, not now, so that they contain its pages even if the clock
-- was wrong.
CREATE OR REPLACE VIEW rejection_rates AS
WITH last_run AS (
    SELECT arg_max(coalesce(finished_at, started_at), sequence) AS ended_at FROM runs
),
page_reads AS (
    SELECT source_id, outcome, class <> 'article' AS is_rejected, attempted_at, raw_ref,
           row_number() OVER (PARTITION BY source_id ORDER BY attempted_at DESC, capture_id)
               AS turn
    FROM captures
    JOIN outcomes USING (outcome)
    SEMI JOIN (FROM sources WHERE is_configured) AS configured USING (source_id)
    WHERE kind = 'page' AND found_in LIKE 'http%'
      AND class IN ('article', 'no_article', 'unreadable')
      AND (outcome NOT IN ('section_page', 'video_page') OR prose_words >= doubted_from)
      AND attempted_at BETWEEN (SELECT ended_at FROM last_run) - INTERVAL 56 DAY
                           AND (SELECT ended_at FROM last_run)
)
SELECT source_id,
       count(*) FILTER (turn <= 12) AS pages,
       count(*) FILTER (turn > 12) AS pages_before,
       avg(is_rejected::INTEGER) FILTER (turn <= 12) AS rejected_share,
       avg(is_rejected::INTEGER) FILTER (turn > 12) AS rejected_share_before,
       coalesce(pages_before >= 24 AND rejected_share >= 0.5
                AND rejected_share - rejected_share_before >= 0.4, false) AS is_rejecting_more,
       coalesce(list(DISTINCT outcome ORDER BY outcome) FILTER (turn <= 12 AND is_rejected), [])
           AS reasons,
       count(*) FILTER (outcome = 'needs_javascript') AS needs_javascript,
       avg((outcome = 'needs_javascript')::INTEGER) AS needs_javascript_share,
       min(attempted_at) FILTER (turn <= 12) AS pages_since,
       arg_max(raw_ref, attempted_at) FILTER (is_rejected) AS rejected_ref
FROM page_reads
WHERE turn <= 112
GROUP BY source_id
ORDER BY source_id;

COMMENT ON VIEW rejection_rates IS
    'How many of a source''s pages give no article lately, compared with its own past. Video pages and lists of articles are left out, unless they are doubtful.';
COMMENT ON COLUMN rejection_rates.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN rejection_rates.pages IS 'Its last pages: 12, or fewer where there are no more';
COMMENT ON COLUMN rejection_rates.pages_before IS 'Pages before them, at most 100';
COMMENT ON COLUMN rejection_rates.rejected_share IS 'Share of the last pages that gave no article';
COMMENT ON COLUMN rejection_rates.rejected_share_before IS
    'Share of the pages before them that gave none';
COMMENT ON COLUMN rejection_rates.is_rejecting_more IS
    'Whether half of the last pages or more were rejected, 40 points more than of at least 24 pages before: its layout has changed, or it shows something else than its pages';
COMMENT ON COLUMN rejection_rates.reasons IS 'Outcomes of those of the last pages';
COMMENT ON COLUMN rejection_rates.needs_javascript IS
    'How many of these pages, the last and those before them, have no text before scripts have run';
COMMENT ON COLUMN rejection_rates.needs_javascript_share IS 'Their share';
COMMENT ON COLUMN rejection_rates.pages_since IS 'Time of the first of the last pages (UTC)';
COMMENT ON COLUMN rejection_rates.rejected_ref IS
    'WARC file and offset of the last page that was rejected';
