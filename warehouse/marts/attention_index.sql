-- Grain: one topic, period (day, week or month) and vintage. Fills index_notes, too.
-- The series as they are now are reckoned in warehouse/stats/attention_index.py, in the order of the rows:
-- index_now, and index_left_out.

-- The vintage is today's, unless all that older vintages keep is as it was before today. Today is
-- never before the newest vintage, whatever the clock says.
CREATE OR REPLACE TEMP TABLE index_vintage AS
SELECT greatest(today, (SELECT max(as_of) FROM attention_index)) AS as_of, recent_days, daily_days
FROM vintage_rules;

DELETE FROM attention_index WHERE as_of >= (SELECT as_of FROM index_vintage);

-- Rows of a topic, kind and period are there once, so what is not fewer and has nothing else is equal.
UPDATE index_vintage SET as_of = newest
FROM (
    WITH before AS MATERIALIZED (
        SELECT * EXCLUDE (as_of)
        FROM attention_index
        WHERE as_of = (SELECT max(as_of) FROM attention_index)
          AND (period_kind <> 'day' OR period > as_of - (SELECT recent_days FROM index_vintage))
    ),
    compared AS MATERIALIZED (
        SELECT index_now.*
        FROM index_now
        CROSS JOIN (SELECT max(as_of) AS newest FROM attention_index)
        WHERE period_kind <> 'day' OR period > newest - (SELECT recent_days FROM index_vintage)
    )
    SELECT max(as_of) AS newest
    FROM attention_index
    WHERE EXISTS (FROM before)
      AND (SELECT count(*) FROM before) = (SELECT count(*) FROM compared)
      AND NOT EXISTS (FROM compared EXCEPT FROM before)
)
WHERE newest IS NOT NULL;

DELETE FROM attention_index
WHERE as_of = (SELECT as_of FROM index_vintage)
   OR (period_kind = 'day' AND period <= as_of - (SELECT recent_days FROM index_vintage));

INSERT INTO attention_index BY NAME
SELECT index_now.*, as_of
FROM index_now
CROSS JOIN index_vintage;

DELETE FROM attention_index
WHERE as_of < (SELECT as_of - daily_days FROM index_vintage)
  AND as_of NOT IN (SELECT max(as_of) FROM attention_index GROUP BY date_trunc('month', as_of));

DELETE FROM index_notes
WHERE as_of = (SELECT as_of FROM index_vintage)
   OR as_of NOT IN (SELECT as_of FROM attention_index);

INSERT INTO index_notes BY NAME
SELECT index_left_out.*, as_of
FROM index_left_out
CROSS JOIN index_vintage;
