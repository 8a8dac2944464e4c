-- Grain: one topic, period (day, week or month) and vintage. Fills index_notes, too.
-- A cell is what one paper has of a period: NULL where it was not collected; share = n / N.
--   sigma = sd(share) over the paper's periods, y = share / sigma
--   epu = 100 z / mean(z), z the mean of y over the papers of a period
--   gap_robust: the same with y - a, from least squares y = a (paper) + z (period), sum of a = 0
-- Values are rounded, so that the order in which numbers are added up makes no other vintage.
CREATE OR REPLACE TEMP TABLE index_cells AS
WITH cells AS (
    SELECT topic_id, 'day' AS period_kind, day AS period, source_id,
           articles_with_mention, articles
    FROM topic_daily
    UNION ALL
    SELECT topic_id, 'week', date_trunc('week', day)::DATE AS week, source_id,
           sum(articles_with_mention)::BIGINT, sum(articles)::BIGINT
    FROM topic_daily
    GROUP BY topic_id, week, source_id
    UNION ALL
    SELECT topic_id, 'month', date_trunc('month', day)::DATE AS month, source_id,
           sum(articles_with_mention)::BIGINT, sum(articles)::BIGINT
    FROM topic_daily
    GROUP BY topic_id, month, source_id
)
SELECT *, articles_with_mention / nullif(articles, 0) AS share
FROM cells;

-- To be scaled, a paper needs enough periods for a standard deviation, and one above zero.
CREATE OR REPLACE TEMP TABLE index_papers AS
SELECT topic_id, period_kind, source_id, count(*) AS periods, stddev_samp(share) AS sigma,
       CASE WHEN count(*) < any_value(fewest) THEN 'too_little_history'
            WHEN min(share) = max(share) THEN 'never_varies'
       END AS reason
FROM index_cells
JOIN (VALUES ('day', 28), ('week', 8), ('month', 6)) AS least (period_kind, fewest)
    USING (period_kind)
WHERE share IS NOT NULL
GROUP BY topic_id, period_kind, source_id;

CREATE OR REPLACE TEMP TABLE index_effects AS
WITH numbered AS (
    SELECT topic_id, period_kind, source_id, sigma,
           row_number() OVER (PARTITION BY topic_id, period_kind ORDER BY source_id) - 1 AS paper
    FROM index_papers
    WHERE reason IS NULL
),
solved AS (
    SELECT topic_id, period_kind,
           paper_effects(list(struct_pack(
               paper := paper::INTEGER,
               period := (period - DATE '1970-01-01')::INTEGER,
               y := share / sigma))) AS effects
    FROM index_cells
    JOIN numbered USING (topic_id, period_kind, source_id)
    WHERE share IS NOT NULL
    GROUP BY topic_id, period_kind
)
SELECT topic_id, period_kind, source_id, sigma, effects[paper + 1] AS effect
FROM numbered
JOIN solved USING (topic_id, period_kind);

CREATE OR REPLACE TEMP TABLE index_now AS
WITH periods AS (
    SELECT topic_id, period_kind, period,
           sum(articles_with_mention)::BIGINT AS articles_with_mention,
           sum(articles)::BIGINT AS articles,
           count(share) FILTER (sigma IS NOT NULL) AS sources,
           sum(articles_with_mention) / nullif(sum(articles), 0) AS pooled,
           avg(share / sigma) AS level,
           avg(share / sigma - effect) AS robust_level
    FROM index_cells
    LEFT JOIN index_effects USING (topic_id, period_kind, source_id)
    GROUP BY topic_id, period_kind, period
)
SELECT topic_id, period_kind, period, articles_with_mention, articles, sources,
       round(pooled, 8) AS pooled_share,
       round(100 * level / nullif(avg(level) OVER series, 0), 4) AS epu,
       round(100 * pooled / nullif(avg(pooled) OVER series, 0), 4) AS gpr_style,
       round(100 * pooled / 0.01, 4) AS tpu_style,
       round(100 * robust_level / nullif(avg(robust_level) OVER series, 0), 4) AS gap_robust
FROM periods
WINDOW series AS (PARTITION BY topic_id, period_kind);

-- The vintage is today's, unless all that older vintages keep is as it was before today. Today is
-- never before the newest vintage, whatever the clock says.
CREATE OR REPLACE TEMP TABLE index_vintage AS
SELECT greatest(today, (SELECT max(as_of) FROM attention_index)) AS as_of, recent_days, daily_days
FROM vintage_rules;

DELETE FROM attention_index WHERE as_of >= (SELECT as_of FROM index_vintage);

CREATE OR REPLACE TEMP TABLE index_before AS
SELECT * EXCLUDE (as_of)
FROM attention_index
WHERE as_of = (SELECT max(as_of) FROM attention_index)
  AND (period_kind <> 'day' OR period > as_of - (SELECT recent_days FROM index_vintage));

CREATE OR REPLACE TEMP TABLE index_compared AS
SELECT index_now.*
FROM index_now
CROSS JOIN index_vintage
WHERE period_kind <> 'day'
   OR period > (SELECT max(as_of) FROM attention_index) - recent_days;

UPDATE index_vintage SET as_of = (SELECT max(as_of) FROM attention_index)
WHERE EXISTS (FROM index_before)
  AND NOT EXISTS ((FROM index_before EXCEPT FROM index_compared)
                  UNION ALL (FROM index_compared EXCEPT FROM index_before));

DELETE FROM attention_index
WHERE as_of = (SELECT as_of FROM index_vintage)
   OR (period_kind = 'day' AND period <= as_of - (SELECT recent_days FROM index_vintage));

INSERT INTO attention_index BY NAME
SELECT index_now.*, as_of
FROM index_now
CROSS JOIN index_vintage
ORDER BY topic_id, period_kind, period;

DELETE FROM attention_index
WHERE as_of < (SELECT as_of - daily_days FROM index_vintage)
  AND as_of NOT IN (SELECT max(as_of) FROM attention_index GROUP BY date_trunc('month', as_of));

DELETE FROM index_notes
WHERE as_of = (SELECT as_of FROM index_vintage)
   OR as_of NOT IN (SELECT as_of FROM attention_index);

INSERT INTO index_notes BY NAME
SELECT topic_id, period_kind, source_id, periods, as_of,
       coalesce(reason, 'disconnected') AS reason
FROM index_papers
LEFT JOIN index_effects USING (topic_id, period_kind, source_id)
CROSS JOIN index_vintage
WHERE effect IS NULL
ORDER BY topic_id, period_kind, source_id;
