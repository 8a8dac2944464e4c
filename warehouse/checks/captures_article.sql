-- Holds: a capture that gave an article points to its version, and no other capture points to one;
-- a version comes from exactly one capture.
SELECT captured.capture_id, outcome, captured.article_id, captured.version_no
FROM added_captures AS captured
LEFT JOIN touched_article_versions AS version USING (article_id, version_no)
WHERE (outcome IN ('article', 'revised', 'unchanged')) <> (version.article_id IS NOT NULL)
   OR (outcome IN ('article', 'revised') AND version.capture_id <> captured.capture_id)
   OR (outcome = 'article' AND captured.version_no <> 1)
UNION ALL
SELECT capture_id, NULL, article_id, version_no
FROM added_article_versions
ANTI JOIN added_captures USING (capture_id)
