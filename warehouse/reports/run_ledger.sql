-- Grain: one source of a run.
SELECT captures.source_id,
       count(*) FILTER (kind IN ('page', 'file')) AS fetched,
       count(*) FILTER (outcome = 'article') AS new,
       count(*) FILTER (outcome = 'revised') AS revised,
       count(*) FILTER (outcome IN ('unchanged', 'not_modified') AND kind <> 'listing')
           AS unchanged,
       count(*) FILTER (outcome = 'article' AND is_truncated) AS truncated,
       epoch(max(attempted_at + to_seconds(seconds)) FILTER (kind <> 'file')
             - min(attempted_at) FILTER (kind <> 'file')) AS seconds
FROM captures
LEFT JOIN article_versions USING (article_id, version_no)
WHERE captures.run_id = $run_id
GROUP BY captures.source_id
