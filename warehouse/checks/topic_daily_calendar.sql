-- Holds: every counted topic has one row for each source and day of coverage, of the same state and
-- with what the source says of itself, and counts are NULL on missing days only.
SELECT topic_id, source_id, day, count(daily.day) AS rows, any_value(expected.state) AS state
FROM touched_topic_daily AS daily
FULL JOIN (
    SELECT topic_id, source_id, country, language, day, state
    FROM touched_coverage
    JOIN sources USING (source_id)
    CROSS JOIN (SELECT topic_id FROM topics WHERE valid_to IS NULL)
) AS expected USING (topic_id, source_id, day)
GROUP BY topic_id, source_id, day
HAVING count(daily.day) <> 1 OR any_value(expected.state) IS NULL
    OR bool_or((daily.state, daily.country, daily.language)
               IS DISTINCT FROM (expected.state, expected.country, expected.language))
    OR bool_or((articles IS NULL) <> (expected.state = 'missing'))
    OR bool_or((mentions IS NULL) <> (expected.state = 'missing'))
UNION ALL
SELECT NULL, source_id, NULL, rows, NULL
FROM (SELECT source_id, count(*) AS rows FROM topic_daily GROUP BY source_id)
FULL JOIN (SELECT source_id, count(*) AS days FROM coverage GROUP BY source_id) USING (source_id)
WHERE coalesce(rows, 0) IS DISTINCT FROM days * (SELECT count(*) FROM topics WHERE valid_to IS NULL)
