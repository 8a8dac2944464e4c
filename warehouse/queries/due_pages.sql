-- Grain: one page to fetch again, of an article that is due (warehouse/read/due_rechecks.py).
WITH ahead AS (
    SELECT articles.source_id, article_id, published_ahead_at, attempted_at
    FROM captures
    JOIN articles USING (article_id)
    WHERE kind = 'page' AND published_at IS NULL
      AND published_ahead_at >= greatest($seen_since, $published_since::TIMESTAMPTZ)
      AND published_ahead_at <= $now
),
due AS (
    SELECT source_id, article_id, max(due_at) AS due_at,
           max(published_ahead_at) AS ahead_at
    FROM (
        SELECT source_id, article_id, first_seen_at + step AS due_at, NULL AS published_ahead_at
        FROM articles
        CROSS JOIN (SELECT unnest($steps::INTERVAL[]) AS step)
        WHERE first_seen_at >= $seen_since
          AND first_seen_at + step <= $now
          AND (published_at IS NULL
               OR published_at >= greatest(first_seen_at - $last_step, $published_since::TIMESTAMPTZ))
        UNION ALL
        SELECT source_id, article_id, published_ahead_at, published_ahead_at FROM ahead
    )
    GROUP BY source_id, article_id
),
attempts AS (
    SELECT captures.*, class, is_retryable, class = 'article' OR outcome = 'not_modified' AS is_good
    FROM captures
    JOIN outcomes USING (outcome)
    WHERE kind = 'page'
      AND attempted_at >= (SELECT least($seen_since, min(attempted_at)) FROM ahead)
),
urls AS (
    SELECT DISTINCT article_id, url_requested FROM attempts SEMI JOIN due USING (article_id)
),
to_recheck AS (
    SELECT source_id, article_id, due_at,
           arg_max(url_requested, (attempted_at, capture_id)) FILTER (class = 'article') AS url,
           max(attempted_at) FILTER (class = 'article') < ahead_at AS is_ahead
    FROM due
    JOIN urls USING (article_id)
    JOIN (SELECT * EXCLUDE (article_id, source_id) FROM attempts) AS tried USING (url_requested)
    GROUP BY source_id, article_id, due_at, ahead_at
    HAVING count(*) FILTER (attempted_at >= due_at AND NOT is_retryable) = 0
       AND count(*) FILTER (attempted_at >= due_at) < $tries
       AND arg_max(outcome, (attempted_at, capture_id)) NOT IN ('not_found', 'soft_404')
)
SELECT to_recheck.source_id, url,
       -- None for a page whose day has come: if it were unmodified, it would not be judged again.
       -- Only validators of a response with a text: with a 304, servers send those of other texts.
       if(is_ahead, {'etag': NULL, 'last_modified': NULL},
          arg_max({'etag': etag, 'last_modified': last_modified}, (attempted_at, capture_id))
              FILTER (class = 'article'))
           AS validators,
       arg_max(entry_headline, attempted_at) AS entry_headline,
       arg_max(entry_published_raw, attempted_at) AS entry_published_raw,
       arg_max(entry_published_at, attempted_at) AS entry_published_at
FROM to_recheck
JOIN attempts ON attempts.url_requested = to_recheck.url
WHERE is_good
GROUP BY to_recheck.source_id, url, is_ahead
QUALIFY row_number() OVER (PARTITION BY to_recheck.source_id ORDER BY min(due_at), url) <= $most
ORDER BY min(due_at), url
