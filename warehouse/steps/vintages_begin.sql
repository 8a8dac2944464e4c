-- Grain: one vintage of the attention index, index_vintage: today's, when the index may have changed.
-- Today is never before the newest vintage, whatever the clock says.
CREATE OR REPLACE TEMP TABLE index_vintage AS
SELECT greatest(today, (SELECT max(as_of) FROM attention_index)) AS as_of, recent_days, daily_days
FROM vintage_rules
WHERE is_open OR EXISTS (FROM changed_topic_daily);
