-- Holds: every counted topic has one row for each source and day of coverage{local}, with the same state
-- and the columns of its source; its articles and those in other languages are all that were
-- collected, and counts are NULL on missing days only.
SELECT topic_id, source_id, day, count(daily.day) AS rows, any_value(expected.state) AS state
FROM touched_topic_daily{local} AS daily
FULL JOIN (
    SELECT topic_id, source_id, country, language, day, state, extracted
    FROM touched_coverage{local}
    JOIN sources USING (source_id)
    CROSS JOIN (SELECT topic_id FROM topics WHERE valid_to IS NULL)
) AS expected USING (topic_id, source_id, day)
GROUP BY topic_id, source_id, day
HAVING count(daily.day) <> 1 OR any_value(expected.state) IS NULL
    OR bool_or((daily.state, daily.country, daily.language)
               IS DISTINCT FROM (expected.state, expected.country, expected.language))
    OR bool_or((articles IS NULL) <> (expected.state = 'missing'))
    OR bool_or(articles + articles_other_languages <> extracted)
    OR bool_or((mentions IS NULL) <> (expected.state = 'missing'))
UNION ALL
SELECT NULL, NULL, NULL, rows, NULL
FROM (SELECT count(*) AS rows FROM topic_daily{local})
WHERE rows <> (SELECT count(*) FROM coverage{local})
              * (SELECT count(*) FROM topics WHERE valid_to IS NULL)
