-- Holds: a spike is a day with more articles than expected, of sources that were collected on it, in
-- the counts of topic_daily{local}, found by the rule of this installation, and has at most five headlines.
SELECT topic_id, day, articles_with_mention, articles, expected, score, threshold,
       false_alarms_per_year, most_with_mention
FROM touched_topic_spikes{local} AS spikes
LEFT JOIN (
    SELECT topic_id, day, sum(articles_with_mention) AS most_with_mention,
           sum(articles) AS most_articles
    FROM touched_spike_days{local}
    GROUP BY topic_id, day
) AS counted USING (topic_id, day)
WHERE articles_with_mention > coalesce(most_with_mention, 0)
   OR articles > coalesce(most_articles, 0) OR articles_with_mention > articles
   OR expected >= articles_with_mention OR score IS NULL
   OR NOT coalesce(threshold BETWEEN 4 AND articles_with_mention, false)
   OR false_alarms_per_year IS DISTINCT FROM (FROM spike_rule)
   OR headlines IS NULL OR len(headlines) > 5
