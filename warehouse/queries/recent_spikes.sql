-- Grain: one spike of a topic that counts today, on one of the last three {clock} days.
-- Reads: topic_spikes{local}
SELECT topic_id, name, day, articles_with_mention, expected, threshold,
       false_alarms_per_year, headlines,
       -- Spikes of the day before and the day after.
       (SELECT list(beside.day) FROM topic_spikes{local} AS beside
        WHERE beside.topic_id = spikes.topic_id AND abs(beside.day - spikes.day) = 1) AS beside
FROM topic_spikes{local} AS spikes
JOIN (FROM topics WHERE valid_to IS NULL) USING (topic_id)
-- A local day may be a day ahead of UTC.
WHERE day BETWEEN ($now AT TIME ZONE 'UTC')::DATE - 2 AND ($now AT TIME ZONE 'UTC')::DATE + 1
ORDER BY day, topic_id
