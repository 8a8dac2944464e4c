-- Holds: sources that only archives know have no calendar, in coverage or in topic_daily.
SELECT 'coverage' AS relation, source_id, day
FROM coverage WHERE starts_with(source_id, 'archive-')
UNION ALL
SELECT 'topic_daily', source_id, day
FROM topic_daily WHERE starts_with(source_id, 'archive-')
