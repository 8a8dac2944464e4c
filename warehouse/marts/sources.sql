-- Grain: one source: those that are or were configured, and those that are only in captures.
-- Key: source_id
-- Compared: name, country, language, timezone, expected_low, expected_high, is_configured, collection
-- Touched by: source_id FROM source_definitions
-- Touched by: source_id FROM added_captures
-- Touched by: source_id FROM sources
--
-- A backfill names domains that are not configured archive-<domain>; is_watched is true for all others.
-- It comes from the id, since Parquet, from which a rebuild makes this, has nothing else that says so.
-- Attempts in the future were made by a clock that was ahead: they are no last attempts before their time.
WITH attempted AS (
    SELECT source_id, max(attempted_at) FILTER (attempted_at <= now()) AS last_attempt_at
    FROM captures
    GROUP BY source_id
),
written AS (
    SELECT source_id, count(*) AS articles,
           min(published_date) AS first_day, max(published_date) AS last_day
    FROM articles
    GROUP BY source_id
)
SELECT source_id,
       coalesce(name, regexp_replace(source_id, '^archive-', '')) AS name,
       coalesce(country, nullif(split_part(source_id, '-', 1), 'archive')) AS country,
       language, timezone, expected_low, expected_high,
       coalesce(is_configured, false) AS is_configured,
       NOT starts_with(source_id, 'archive-') AS is_watched,
       coalesce(articles, 0) AS articles,
       first_day, last_day, last_attempt_at,
       kind, collection
FROM source_definitions
FULL JOIN attempted USING (source_id)
LEFT JOIN written USING (source_id)
