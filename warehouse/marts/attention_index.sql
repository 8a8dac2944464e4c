-- Grain: one topic, period (day, week or month) and vintage. Fills index_notes, too.
-- Reads what warehouse/attention.py has reckoned: index_series, and index_left_out.
-- Values are rounded, so that the order in which numbers are added up makes no other vintage: to eleven
-- digits first, as 392.96875 may come out as 392.96874999999994.
CREATE OR REPLACE TEMP MACRO settled(number) AS round(round(number, 11), 4) + 0.0::DOUBLE;

CREATE OR REPLACE TEMP TABLE index_now AS
SELECT topic_id, period_kind, period, articles_with_mention, articles, sources,
       round(pooled_share, 8) AS pooled_share, settled(epu) AS epu,
       settled(gpr_style) AS gpr_style, settled(tpu_style) AS tpu_style,
       settled(gap_robust) AS gap_robust
FROM index_series;

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
SELECT index_left_out.*, as_of
FROM index_left_out
CROSS JOIN index_vintage
ORDER BY topic_id, period_kind, source_id;
