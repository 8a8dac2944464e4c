-- Grain: one topic and UTC day on which it came up far more often than its own past explains.
-- How much more, warehouse/stats/spikes.py reckons: spike_wanted, the days counted anew, and the spikes of
-- these.
DELETE FROM topic_spikes
WHERE day IN (FROM spike_wanted) OR topic_id IN (FROM recounted);

INSERT INTO topic_spikes BY NAME
WITH found AS (
    SELECT topic_id, article_id, published_date AS day, headline, url_canonical AS url,
           coalesce(name, source_id) AS source, duplicate_of IS NOT NULL AS is_copy,
           count(*) FILTER (field = 'headline') AS in_headline, count(*) AS mentions
    FROM (SELECT * FROM articles WHERE published_date IN (SELECT day FROM spikes))
    JOIN mentions USING (article_id, version_no)
    LEFT JOIN sources USING (source_id)
    GROUP BY ALL
),
behind AS (
    SELECT topic_id, day,
           list(struct_pack(headline, source, url)
                ORDER BY is_copy, in_headline DESC, mentions DESC, source, article_id)[:5]
               AS headlines
    FROM found
    SEMI JOIN spikes USING (topic_id, day)
    GROUP BY topic_id, day
)
SELECT topic_id, day, hits AS articles_with_mention, total AS articles, hits / total AS share,
       expected, score, sources, coalesce(headlines, []) AS headlines
FROM spikes
LEFT JOIN behind USING (topic_id, day)
ORDER BY topic_id, day;
