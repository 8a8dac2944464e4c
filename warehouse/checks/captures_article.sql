-- Holds: a capture that gave an article points to its version, and no other capture points to one;
-- a version comes from exactly one capture.
SELECT captures.capture_id, outcome, captures.article_id, captures.version_no
FROM captures
LEFT JOIN article_versions AS version USING (article_id, version_no)
WHERE (outcome IN ('article', 'revised', 'unchanged')) <> (version.article_id IS NOT NULL)
   OR (outcome IN ('article', 'revised') AND version.capture_id <> captures.capture_id)
   OR (outcome = 'article' AND captures.version_no <> 1)
UNION ALL
SELECT capture_id, NULL, article_id, version_no
FROM article_versions
ANTI JOIN captures USING (capture_id)
