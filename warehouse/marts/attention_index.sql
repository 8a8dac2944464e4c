-- Grain: one topic, period (day, week or month) and vintage. Fills index_notes, too.
-- A cell is what one paper has of a period: NULL where it was not collected; share = n / N.
--   sigma = sd(share) over the paper's periods, y = share / sigma
--   epu = 100 z / mean(z), z the mean of y over the papers of a period
--   gap_robust: the same with y - a, from least squares y = a (paper) + z (period), sum of a = 0
-- Values are rounded, so that the order in which numbers are added up makes no other vintage.
-- Cells are scaled in index_series (warehouse/effects.py).
CREATE OR REPLACE TEMP TABLE index_topics AS
SELECT topic_id, row_number() OVER (ORDER BY topic_id)::SMALLINT AS topic
FROM (SELECT DISTINCT topic_id FROM topic_daily);

CREATE OR REPLACE TEMP TABLE index_sources AS
SELECT source_id, (row_number() OVER (ORDER BY source_id) - 1)::INTEGER AS paper
FROM (SELECT DISTINCT source_id FROM topic_daily);

CREATE OR REPLACE TEMP TABLE index_found AS
SELECT topic, index_series(list(struct_pack(
           paper := paper,
           day := (day - DATE '1970-01-01')::INTEGER,
           hits := articles_with_mention::INTEGER,
           total := articles::INTEGER))) AS found
FROM topic_daily
JOIN index_topics USING (topic_id)
JOIN index_sources USING (source_id)
GROUP BY topic;

-- To be scaled, a paper needs enough periods for a standard deviation, and one above zero.
CREATE OR REPLACE TEMP TABLE index_papers AS
SELECT topic, unnest(found.papers, recursive := true) FROM index_found;

CREATE OR REPLACE TEMP TABLE index_now AS
WITH periods AS (
    SELECT topic, kind, DATE '1970-01-01' + period AS period, hits AS articles_with_mention,
           total AS articles, sources, hits / nullif(total, 0) AS pooled, level, robust_level
    FROM (SELECT topic, unnest(found.periods, recursive := true) FROM index_found)
)
SELECT topic_id, ['day', 'week', 'month'][kind] AS period_kind, period, articles_with_mention,
       articles, sources,
       round(pooled, 8) AS pooled_share,
       round(100 * level / nullif(avg(level) OVER series, 0), 4) AS epu,
       round(100 * pooled / nullif(avg(pooled) OVER series, 0), 4) AS gpr_style,
       round(100 * pooled / 0.01, 4) AS tpu_style,
       -- A mean of zero or below, which a few cells can give, is nothing to scale by.
       round(if(avg(robust_level) OVER series > 1e-9,
                100 * robust_level / avg(robust_level) OVER series, NULL), 4) AS gap_robust
FROM periods
JOIN index_topics USING (topic)
WINDOW series AS (PARTITION BY topic, kind);

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
SELECT topic_id, ['day', 'week', 'month'][kind] AS period_kind, source_id, periods, as_of,
       coalesce(nullif(reason, ''), 'disconnected') AS reason
FROM index_papers
JOIN index_topics USING (topic)
JOIN index_sources USING (paper)
CROSS JOIN index_vintage
WHERE effect IS NULL
ORDER BY topic_id, period_kind, source_id;
