-- Holds: each run and layer has as many loaded rows as its Parquet files.
SELECT run_id, layer, in_files, loaded
FROM (SELECT run_id, layer, sum(rows) AS in_files FROM added_files GROUP BY ALL) AS files
FULL JOIN (
    SELECT run_id, 'articles' AS layer, count(*) AS loaded FROM added_article_versions GROUP BY ALL
    UNION ALL
    SELECT run_id, 'captures', count(*) FROM added_captures GROUP BY ALL
    UNION ALL
    SELECT run_id, 'stripped_blocks', count(*) FROM added_stripped_blocks GROUP BY ALL
) AS tables USING (run_id, layer)
WHERE in_files IS DISTINCT FROM loaded
