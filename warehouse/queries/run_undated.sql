-- Grain: one saved file, or page of a source, whose article in a run has no publication date.
SELECT captures.source_id, captures.url_requested, captures.kind
FROM captures
JOIN article_versions USING (article_id, version_no)
WHERE captures.run_id = $run_id AND kind IN ('file', 'page') AND outcome IN ('article', 'revised')
  AND article_versions.published_at IS NULL
ORDER BY captures.url_requested
