-- One round of the marts begins with this, what the load brought: `touched`, the articles with new
-- versions, and `new_captures`; with the UTC day of a moment.
CREATE OR REPLACE TEMP MACRO utc_day(moment) AS make_timestamp(epoch_us(moment))::DATE;

CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT article_id FROM article_versions SEMI JOIN new_runs USING (run_id);

CREATE OR REPLACE TEMP TABLE new_captures AS
FROM captures SEMI JOIN new_runs USING (run_id);
