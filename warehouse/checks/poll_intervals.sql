-- Holds: a source that was polled has one interval, of 10 minutes to a day, from its last poll on.
SELECT polled.source_id, polls, interval_minutes, due_at
FROM (SELECT source_id, max(sequence) AS sequence FROM added_polls GROUP BY source_id) AS polled
LEFT JOIN (
    SELECT source_id, count(*) AS polls, any_value(interval_minutes) AS interval_minutes,
           any_value(due_at) AS due_at, any_value(polled_at) AS polled_at
    FROM poll_intervals
    GROUP BY source_id
) USING (source_id)
WHERE polls IS DISTINCT FROM 1 OR interval_minutes NOT BETWEEN 10 AND 1440
   OR due_at <> polled_at + to_minutes(interval_minutes)
