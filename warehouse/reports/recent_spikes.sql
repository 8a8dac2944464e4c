-- Grain: one spike of a topic that counts today, on one of the last three UTC days.
-- Reads: topic_spikes
SELECT topic_id, name, day, articles_with_mention, expected, threshold, false_alarms_per_year,
       headlines
FROM topic_spikes
JOIN (FROM topics WHERE valid_to IS NULL) USING (topic_id)
-- A local day may be a day ahead of UTC.
WHERE day BETWEEN ($now AT TIME ZONE 'UTC')::DATE - 2 AND ($now AT TIME ZONE 'UTC')::DATE + 1
ORDER BY day, topic_id
