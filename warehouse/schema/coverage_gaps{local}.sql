-- Grain: one gap in the collecting of a source: days in a row that are missing, or that are partial.
CREATE OR REPLACE VIEW coverage_gaps{local} AS
WITH gaps AS (
    SELECT *, day - row_number() OVER (PARTITION BY source_id, state ORDER BY day)::INTEGER AS gap
    FROM coverage{local}
    JOIN source_calendars{local} USING (source_id)
    -- Collection began on the first day, and the last one has not ended.
    WHERE state <> 'observed'
      AND (day NOT IN (first_day, last_day) OR NOT list_contains(reasons, 'partly_read')
           OR NOT list_has_all(['partly_read', 'below_expected_low', 'above_expected_high'], reasons))
),
since AS (
    SELECT source_id, max(day) + 1 AS first_day,
           (SELECT (max(last_attempt_at) AT TIME ZONE 'UTC')::DATE FROM sources) AS last_day
    FROM coverage{local}
    SEMI JOIN (SELECT source_id FROM sources WHERE is_configured) USING (source_id)
    GROUP BY source_id
)
SELECT source_id, state, min(day) AS first_day, max(day) AS last_day, count(*) AS days,
       list_sort(list_distinct(flatten(list(reasons)))) AS reasons,
       sum(failed)::BIGINT AS urls_lost, round(sum(estimated_lost), 2) AS estimated_lost,
       sum(extracted)::BIGINT AS articles
FROM gaps
GROUP BY source_id, state, gap
UNION ALL
SELECT source_id, 'missing', first_day, last_day, last_day - first_day + 1, ['no_listing_read'], 0, NULL, 0
FROM since
WHERE first_day <= last_day;

COMMENT ON VIEW coverage_gaps{local} IS
    'What to collect again or backfill. A configured source of which nothing is known since a day has a gap from then to the day of the last attempt at any source.';
COMMENT ON COLUMN coverage_gaps{local}.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN coverage_gaps{local}.state IS 'missing or partial, the same for all days of the gap';
COMMENT ON COLUMN coverage_gaps{local}.first_day IS 'First {clock} day of the gap';
COMMENT ON COLUMN coverage_gaps{local}.last_day IS 'Last {clock} day of the gap';
COMMENT ON COLUMN coverage_gaps{local}.days IS 'How many days';
COMMENT ON COLUMN coverage_gaps{local}.reasons IS 'Reasons of any of the days, as in coverage{local}';
COMMENT ON COLUMN coverage_gaps{local}.urls_lost IS
    'URLs of these days that gave no article though one may be there';
COMMENT ON COLUMN coverage_gaps{local}.estimated_lost IS
    'Articles of these days that came and went in the feeds unseen, as estimated in listing_reads; NULL where nothing tells';
COMMENT ON COLUMN coverage_gaps{local}.articles IS 'Articles of these days that were collected';
