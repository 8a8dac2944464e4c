-- Grain: one folded URL that need not be fetched again (warehouse/read/known_urls.py).
WITH lost AS (
    SELECT source_id, url_keys[1] AS key
    FROM (FROM pages WHERE is_lost AND NOT was_read) AS page
    JOIN captures USING (source_id, url_hash)
    JOIN outcomes USING (outcome)
    -- With one key it is that of the requested URL.
    WHERE kind = 'page' AND attempted_at = last_attempt_at AND is_retryable AND len(url_keys) = 1
),
fetched AS (
    SELECT unnest(url_keys) AS key,
           outcome IN $momentary AND http_status IS DISTINCT FROM 410 AS may_be_momentary,
           if(article_id IS NOT NULL AND attempted_at >= $since::TIMESTAMPTZ, source_id, NULL) AS source_id
    FROM captures
    JOIN outcomes USING (outcome)
    WHERE kind = 'page' AND NOT is_retryable
      AND (obtained_from <> 'wayback' OR article_id IS NOT NULL)
      AND source_id NOT IN (SELECT source_id FROM sources WHERE NOT is_watched)
),
known AS (
    SELECT key,
           coalesce(array_agg(DISTINCT source_id) FILTER (source_id IS NOT NULL), []) AS source_ids
    FROM fetched
    SEMI JOIN (SELECT unnest($keys::VARCHAR[]) AS key) AS asked USING (key)
    GROUP BY key
    HAVING count(*) >= $tries OR NOT bool_and(may_be_momentary)
)
FROM known
ANTI JOIN lost ON lost.key = known.key AND list_contains(source_ids, lost.source_id)
