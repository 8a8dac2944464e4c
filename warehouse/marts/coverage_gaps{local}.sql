-- Grain: one gap in the collecting of a source: days in a row that are missing, or that are partial.
CREATE OR REPLACE VIEW coverage_gaps{local} AS
WITH ended AS (
    -- The last day that had ended in the source's time zone at the last attempt at any source.
    SELECT source_id, timezone({zone}, max(last_attempt_at) OVER ())::DATE - 1 AS last_day
    FROM sources
    LEFT JOIN pg_timezone_names() AS named ON named.name = sources.timezone
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
    JOIN (SELECT source_id, last_day AS last_ended FROM ended) AS ended USING (source_id)
    -- Collection began during the first day. The last day has not ended, nor have days after it,
    -- which may have articles that are dated ahead.
    WHERE state <> 'observed'
      AND NOT (list_has_all(['partly_read', 'below_expected_low', 'above_expected_high'], reasons)
               AND list_contains(reasons, 'partly_read') AND day IN (first_day, last_asked))
      AND NOT (list_has_all(['no_listing_read', 'partly_read', 'below_expected_low',
                             'above_expected_high'], reasons)
               AND day > last_asked AND day > last_ended)
)
SELECT source_id, state, min(day) AS first_day, max(day) AS last_day, count(*) AS days,
       list_sort(list_distinct(flatten(list(reasons)))) AS reasons,
       sum(failed)::BIGINT AS urls_lost, round(sum(estimated_lost), 2) AS estimated_lost,
       sum(extracted)::BIGINT AS articles
FROM gaps
GROUP BY source_id, state, gap;

COMMENT ON VIEW coverage_gaps{local} IS
    'What to collect again or backfill. A configured source that is no longer asked has a gap to the last day of its calendar (source_calendars{local}).';
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
