-- Grain: one source (one paper). From `source_definitions`, and sources that only captures know.
-- Leaves in `changed_sources` those whose days are judged or named otherwise than before.
CREATE OR REPLACE TEMP TABLE sources_before AS
SELECT source_id, name, country, language, expected_low, expected_high FROM sources;

DELETE FROM sources;

INSERT INTO sources BY NAME
WITH attempted AS (
    SELECT source_id, max(attempted_at) AS last_attempt_at FROM captures GROUP BY source_id
),
written AS (
    SELECT source_id, count(*) AS articles, min(published_date) AS first_day,
           max(published_date) AS last_day
    FROM articles GROUP BY source_id
)
SELECT source_id,
       coalesce(name, regexp_replace(source_id, '^archive-', '')) AS name,
       coalesce(country, nullif(split_part(source_id, '-', 1), 'archive')) AS country,
       language, timezone, expected_low, expected_high,
       coalesce(is_configured, false) AS is_configured,
       coalesce(articles, 0) AS articles,
       first_day, last_day, last_attempt_at
FROM source_definitions
FULL JOIN attempted USING (source_id)
LEFT JOIN written USING (source_id);

CREATE OR REPLACE TEMP TABLE changed_sources AS
SELECT source_id, name, country, language, expected_low, expected_high FROM sources
EXCEPT
FROM sources_before;
