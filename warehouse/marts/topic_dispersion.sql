-- Grain: one topic and source.
-- Key: topic_id
-- Touched by: DISTINCT topic_id FROM changed_topic_daily
-- Reads: topic_daily
--
-- dispersion_now is computed by warehouse/stats/dispersion.py.
SELECT dispersion_now.*
FROM dispersion_now
SEMI JOIN touched USING (topic_id)
ORDER BY topic_id, source_id
