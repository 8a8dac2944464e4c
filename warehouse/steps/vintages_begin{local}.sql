-- Grain: one vintage of the attention index, index_vintage{local}: today's, when the index may have
-- changed.
-- Today is never before the newest vintage, whatever the clock says.
CREATE OR REPLACE TEMP TABLE index_vintage{local} AS
SELECT greatest(today, (SELECT max(as_of) FROM attention_index{local})) AS as_of,
       recent_days, daily_days
FROM vintage_rules
WHERE is_read OR today IS DISTINCT FROM (SELECT max(as_of) FROM attention_index{local})
   OR EXISTS (FROM changed_topic_daily{local});
