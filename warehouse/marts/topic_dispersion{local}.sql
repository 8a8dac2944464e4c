-- Grain: one topic and source.
-- Key: topic_id
-- Touched by: DISTINCT topic_id FROM changed_topic_daily{local}
--
-- dispersion_now{local} is computed by warehouse/stats/dispersion.py.
SELECT dispersion_now{local}.*
FROM dispersion_now{local}
SEMI JOIN touched USING (topic_id)
ORDER BY topic_id, source_id
