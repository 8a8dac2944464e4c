-- Grain: one topic and {clock} day on which it came up far more often than its own past explains.
-- Key: day
-- Touched by: unnest(days_between(day, day + 224))
--     FROM (SELECT DISTINCT day FROM changed_topic_daily{local})
-- Touched by: day FROM topic_spikes{local} WHERE day IN (
--     SELECT {published_date} FROM changed_articles)
-- Touched by: day FROM topic_spikes{local} SEMI JOIN recounted USING (topic_id)
-- Touched by: day FROM topic_spikes{local} WHERE EXISTS (FROM changed_sources)
-- Touched by: DISTINCT day FROM topic_daily{local} WHERE EXISTS (FROM changed_spike_rule)
--
-- spikes{local} are those of the touched days, computed by warehouse/stats/spikes.py: a day's score depends on the
-- 224 days before it. Headlines are read from the articles and their sources.
WITH found AS (
    SELECT topic_id, article_id, {published_date} AS day, headline, url_canonical AS url,
           coalesce(name, source_id) AS source, duplicate_of IS NOT NULL AS is_copy,
           count(*) FILTER (field = 'headline') AS in_headline, count(*) AS mentions
    FROM (SELECT * FROM articles WHERE {published_date} IN (SELECT day FROM spikes{local})) AS articles
    JOIN mentions USING (article_id, version_no)
    JOIN (SELECT topic_id, languages FROM topics WHERE valid_to IS NULL) AS counting
        USING (topic_id)
    LEFT JOIN sources USING (source_id)
    -- Only of counted articles: not from archives of other domains, nor in other languages.
    WHERE counts_in(languages, articles.language)
      AND EXISTS (FROM coverage{local} AS days
                  WHERE days.source_id = articles.source_id AND days.day = {published_date})
    GROUP BY ALL
),
behind AS (
    SELECT topic_id, day,
           list(struct_pack(headline, source, url)
                ORDER BY is_copy, in_headline DESC, mentions DESC, source, article_id)[:5]
               AS headlines
    FROM found
    SEMI JOIN spikes{local} USING (topic_id, day)
    GROUP BY topic_id, day
)
SELECT topic_id, day, hits AS articles_with_mention, total AS articles, hits / total AS share,
       expected, score, threshold, (FROM spike_rule) AS false_alarms_per_year, sources,
       coalesce(headlines, []) AS headlines
FROM spikes{local}
LEFT JOIN behind USING (topic_id, day)
ORDER BY topic_id, day
