-- Grain: one page that a run fetched and that gave no article.
--
-- The ledger has the number of those that were left for later: they were not fetched.
SELECT source_id, outcome, meaning, detail, url_requested, raw_ref, prose_words, is_doubtful
FROM rejections
WHERE run_id = $run_id AND outcome <> 'left_for_later'
ORDER BY is_doubtful DESC, outcome, source_id, url_requested
