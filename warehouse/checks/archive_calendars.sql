-- Holds: sources that are only in archives have no calendar, neither in coverage nor in topic_daily.
SELECT 'coverage' AS relation, source_id, day
FROM coverage
ANTI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
UNION ALL
SELECT 'topic_daily', source_id, day
FROM topic_daily
ANTI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
UNION ALL
SELECT 'topic_daily_local', source_id, day
FROM topic_daily_local
ANTI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
