-- Holds: every counted topic has one row for each source and day of coverage, and counts are NULL
-- on missing days only.
SELECT topic_id, source_id, day, count(topic_daily.day) AS rows, any_value(state) AS state
FROM topic_daily
FULL JOIN (
    SELECT topic_id, source_id, day, state
    FROM coverage
    CROSS JOIN (SELECT topic_id FROM topics WHERE valid_to IS NULL)
) AS expected USING (topic_id, source_id, day)
GROUP BY topic_id, source_id, day
HAVING count(topic_daily.day) <> 1 OR any_value(state) IS NULL
    OR bool_or((articles IS NULL) <> (state = 'missing'))
    OR bool_or((mentions IS NULL) <> (state = 'missing'))
