-- Grain: one source of a run.
WITH gaps AS (
    -- Of the listings that decide what was read of a day; no sitemap closed the gap.
    SELECT reads.source_id, count(*) AS rolled_over, sum(estimated_lost) AS estimated_lost
    FROM listing_reads AS reads
    SEMI JOIN coverage
        ON coverage.source_id = reads.source_id
       AND day = ((covers_from - INTERVAL 1 MICROSECOND) AT TIME ZONE 'UTC')::DATE
       AND list_contains(reasons, 'listing_rolled_over')
    WHERE run_id = $run_id AND rolled_over AND covers_from > previous_read_at
    GROUP BY reads.source_id
)
SELECT captures.source_id,
       count(*) FILTER (kind IN ('page', 'file') AND outcome <> 'left_for_later') AS fetched,
       count(*) FILTER (outcome = 'article') AS new,
       count(*) FILTER (outcome = 'revised') AS revised,
       count(*) FILTER (outcome IN ('unchanged', 'not_modified') AND kind <> 'listing')
           AS unchanged,
       count(*) FILTER (outcome = 'article' AND is_truncated) AS truncated,
       epoch(max(attempted_at + to_seconds(seconds)) FILTER (kind <> 'file')
             - min(attempted_at) FILTER (kind <> 'file')) AS seconds,
       any_value(rolled_over) AS rolled_over,
       any_value(estimated_lost) AS estimated_lost
FROM captures
LEFT JOIN article_versions USING (article_id, version_no)
LEFT JOIN gaps ON gaps.source_id = captures.source_id
WHERE captures.run_id = $run_id
GROUP BY captures.source_id
