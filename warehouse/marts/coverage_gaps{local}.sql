-- Grain: one gap in the collecting of a source: days in a row that are missing, or that are partial.
CREATE OR REPLACE VIEW coverage_gaps{local} AS
WITH ended AS (
    -- By then the last whole day has ended, a local day wherever the source is.
    SELECT ((max(last_attempt_at) - INTERVAL {hours_behind} HOUR) AT TIME ZONE 'UTC')::DATE - 1 AS last_day
    FROM sources
),
asked AS (
    SELECT source_id, max(day) AS last_day,
           max(day) FILTER (listings_read > 0 OR listings_failed > 0) AS last_asked
    FROM coverage{local}
    GROUP BY source_id
),
gaps AS (
    SELECT *, day - row_number() OVER (PARTITION BY source_id, state ORDER BY day)::INTEGER AS gap
    FROM coverage{local}
    JOIN (SELECT source_id, first_day FROM source_calendars{local}) AS calendar USING (source_id)
    JOIN (SELECT source_id, coalesce(last_asked, last_day) AS last_asked FROM asked) AS asked
        USING (source_id)
    -- Collection began on the first day, and the last one has not ended, nor have those after it,
    -- of which an article that is dated ahead may be known.
    WHERE state <> 'observed'
      AND NOT (list_has_all(['partly_read', 'below_expected_low', 'above_expected_high'], reasons)
               AND list_contains(reasons, 'partly_read') AND day IN (first_day, last_asked))
      AND NOT (list_has_all(['no_listing_read', 'partly_read', 'below_expected_low',
                             'above_expected_high'], reasons)
               AND day > last_asked AND day > (SELECT last_day FROM ended))
),
since AS (
    SELECT source_id, asked.last_day + 1 AS first_day, ended.last_day
    FROM asked
    SEMI JOIN (SELECT source_id FROM sources WHERE is_configured) AS configured USING (source_id)
    CROSS JOIN ended
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
    'What to collect again or backfill. A configured source of which nothing is known since a day has a gap from then to the last day that had ended by the last attempt at any source.';
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
