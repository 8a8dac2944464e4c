-- Grain: one page that a run brought and that gave no article.
SELECT source_id, outcome, meaning, detail, url_requested, raw_ref
FROM rejections
WHERE run_id = $run_id
ORDER BY outcome, source_id, url_requested
