-- Grain: one configured source whose last pages are read unlike those before.
-- Reads: captures
--
-- Pages by rejection_rates. The last 12 articles against up to 100 before them, at least 24, by the
-- length of their texts.
WITH article_reads AS (
    SELECT source_id, body_chars, attempted_at, raw_ref,
           row_number() OVER (PARTITION BY source_id ORDER BY attempted_at DESC, capture_id) AS turn
    FROM captures
    JOIN outcomes USING (outcome)
    JOIN (SELECT article_id, version_no, body_chars FROM article_versions) AS kept
        USING (article_id, version_no)
    SEMI JOIN (FROM sources WHERE is_configured) USING (source_id)
    WHERE kind = 'page' AND found_in IS DISTINCT FROM 'recheck' AND class = 'article'
      AND attempted_at BETWEEN $now - INTERVAL 56 DAY AND $now
),
texts AS (
    SELECT source_id,
           count(*) FILTER (turn <= 12) AS last_articles,
           median(body_chars) FILTER (turn <= 12) AS chars,
           median(body_chars) FILTER (turn > 12) AS chars_before,
           count(*) FILTER (turn > 12) >= 24
               AND (3 * chars < chars_before OR chars > 3 * chars_before) AS text_changed,
           min(attempted_at) FILTER (turn <= 12) AS articles_since,
           arg_max(raw_ref, attempted_at) AS article_ref
    FROM article_reads
    WHERE turn <= 112
    GROUP BY source_id
)
SELECT source_id, name, pages, rejected_share, rejected_share_before, coalesce(reasons, []) AS reasons,
       coalesce(is_rejecting_more, false) AS is_rejecting_more,
       last_articles, chars, chars_before, coalesce(text_changed, false) AS text_changed,
       if(is_rejecting_more, pages_since, articles_since) AS since,
       if(is_rejecting_more, rejected_ref, article_ref) AS raw_ref
FROM sources
LEFT JOIN rejection_rates AS rates USING (source_id)
LEFT JOIN texts USING (source_id)
WHERE is_rejecting_more OR text_changed
ORDER BY source_id
