-- Grain: one source (one paper). From `source_definitions`, and sources that only captures know.
-- Leaves in `changed_sources` those whose days are judged or named otherwise than before.
CREATE OR REPLACE TEMP TABLE sources_before AS FROM sources;

-- What the load took away from and added to a source's days, and the first and last days that it
-- took away: only where such a day is gone all articles of a source are looked at.
CREATE OR REPLACE TEMP TABLE moved AS
SELECT source_id, published_date, sum(articles) AS articles
FROM (
    SELECT source_id, published_date, -1 AS articles FROM articles_before
    UNION ALL
    SELECT source_id, published_date, 1 FROM articles WHERE rowid > getvariable('articles_end')
)
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE shrunk AS
SELECT DISTINCT source_id
FROM moved
JOIN sources_before USING (source_id)
WHERE moved.articles < 0 AND published_date IN (first_day, last_day);

DELETE FROM sources;

INSERT INTO sources BY NAME
WITH attempted AS (
    SELECT source_id, max(attempted_at) AS last_attempt_at
    FROM (
        SELECT source_id, last_attempt_at AS attempted_at FROM sources_before
        UNION ALL
        SELECT source_id, attempted_at FROM new_captures
    )
    WHERE attempted_at IS NOT NULL
    GROUP BY source_id
),
written AS (
    SELECT source_id, sum(articles)::BIGINT AS articles,
           min(first_day) AS first_day, max(last_day) AS last_day
    FROM (
        SELECT source_id, articles, first_day, last_day
        FROM sources_before ANTI JOIN shrunk USING (source_id)
        UNION ALL
        SELECT source_id, articles,
               if(articles > 0, published_date, NULL), if(articles > 0, published_date, NULL)
        FROM moved ANTI JOIN shrunk USING (source_id)
        UNION ALL
        SELECT source_id, 1, published_date, published_date
        FROM articles SEMI JOIN shrunk USING (source_id)
    )
    GROUP BY source_id
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
SELECT source_id, name, country, language, expected_low, expected_high FROM sources_before;
