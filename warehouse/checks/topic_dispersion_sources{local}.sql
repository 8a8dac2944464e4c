-- Holds: every counted topic has one row for each source with a calendar, and no variation is below zero.
SELECT topic_id, source_id, count(dispersion.pairs) AS rows, any_value(variation) AS variation
FROM topic_dispersion{local} AS dispersion
FULL JOIN (SELECT DISTINCT topic_id, source_id FROM topic_daily{local}) AS counted
    USING (topic_id, source_id)
GROUP BY topic_id, source_id
HAVING count(dispersion.pairs) <> 1 OR count(counted.topic_id) <> 1
    OR NOT bool_and(variation >= 0 AND pairs >= 0)
