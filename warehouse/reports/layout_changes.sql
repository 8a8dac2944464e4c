-- Grain: one configured source whose last pages are read unlike those before.
-- Reads: captures
--
-- The last 12 pages, or articles, against up to 100 before them, at least 24: a dozen is a day of a
-- small source, and by chance half of one is rejected once in 1,800 dozens where a tenth usually is.
-- Video pages and lists come in every mix of a paper, so that they alone say nothing of its layout.
WITH page_reads AS (
    SELECT source_id, outcome, class = 'article' AS is_article, attempted_at, raw_ref,
           article_id, version_no,
           row_number() OVER last_first AS turn,
           row_number() OVER (PARTITION BY source_id, class = 'article'
                              ORDER BY attempted_at DESC, capture_id) AS turn_of_class
    FROM captures
    JOIN outcomes USING (outcome)
    SEMI JOIN (FROM sources WHERE is_configured) USING (source_id)
    WHERE kind = 'page' AND found_in IS DISTINCT FROM 'recheck'
      AND class IN ('article', 'no_article', 'unreadable')
      AND outcome NOT IN ('section_page', 'video_page')
      AND attempted_at BETWEEN $now - INTERVAL 56 DAY AND $now
    WINDOW last_first AS (PARTITION BY source_id ORDER BY attempted_at DESC, capture_id)
),
rejections AS (
    SELECT source_id,
           count(*) FILTER (turn <= 12) AS pages,
           avg((NOT is_article)::INTEGER) FILTER (turn <= 12) AS rejected,
           avg((NOT is_article)::INTEGER) FILTER (turn > 12) AS rejected_before,
           list(DISTINCT outcome ORDER BY outcome) FILTER (turn <= 12 AND NOT is_article) AS reasons,
           count(*) FILTER (turn > 12) >= 24 AND rejected >= 0.5
               AND rejected - rejected_before >= 0.4 AS rejections_changed,
           min(attempted_at) FILTER (turn <= 12) AS since,
           arg_max(raw_ref, attempted_at) FILTER (NOT is_article) AS rejected_ref,
           arg_max(raw_ref, attempted_at) AS last_ref
    FROM page_reads
    WHERE turn <= 112
    GROUP BY source_id
),
kept AS (
    SELECT page_reads.source_id,
           count(*) FILTER (turn_of_class <= 12) AS last_articles,
           median(body_chars) FILTER (turn_of_class <= 12) AS chars,
           median(body_chars) FILTER (turn_of_class > 12) AS chars_before,
           count(*) FILTER (turn_of_class > 12) >= 24
               AND (3 * chars < chars_before OR chars > 3 * chars_before) AS text_changed
    FROM page_reads
    JOIN article_versions USING (article_id, version_no)
    WHERE is_article AND turn_of_class <= 112
    GROUP BY page_reads.source_id
)
SELECT source_id, name, pages, rejected, rejected_before, coalesce(reasons, []) AS reasons,
       rejections_changed, last_articles, chars, chars_before,
       coalesce(text_changed, false) AS text_changed, since,
       if(rejections_changed, rejected_ref, last_ref) AS raw_ref
FROM rejections
JOIN sources USING (source_id)
LEFT JOIN kept USING (source_id)
WHERE rejections_changed OR text_changed
ORDER BY source_id
