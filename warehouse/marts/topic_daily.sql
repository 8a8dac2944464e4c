-- Grain: one topic, source and UTC day, over the whole calendar of the source.
-- Latest versions of dated articles count. Copies are the articles with a duplicate_of.
DELETE FROM topic_daily;

INSERT INTO topic_daily BY NAME
WITH hits AS (
    SELECT topic_id, source_id, published_date AS day,
           count(DISTINCT article_id) AS articles_with_mention,
           count(*) AS mentions,
           count(DISTINCT article_id) FILTER (duplicate_of IS NULL)
               AS articles_with_mention_original,
           count(*) FILTER (duplicate_of IS NULL) AS mentions_original
    FROM mentions
    JOIN articles USING (article_id, version_no)
    WHERE published_date IS NOT NULL
    GROUP BY ALL
),
originals AS (
    SELECT source_id, published_date AS day, count(*) AS articles_original
    FROM articles
    WHERE published_date IS NOT NULL AND duplicate_of IS NULL
    GROUP BY ALL
),
filled AS (
    SELECT topic_id, source_id, day,
           state = 'missing' AS is_missing,
           coalesce(articles_with_mention, 0) AS with_mention,
           coalesce(mentions, 0) AS hits,
           extracted AS total,
           coalesce(articles_with_mention_original, 0) AS with_mention_original,
           coalesce(mentions_original, 0) AS hits_original,
           coalesce(articles_original, 0) AS total_original
    FROM (SELECT topic_id FROM topics WHERE valid_to IS NULL)
    CROSS JOIN coverage
    LEFT JOIN originals USING (source_id, day)
    LEFT JOIN hits USING (topic_id, source_id, day)
)
SELECT topic_id, source_id, day,
       if(is_missing, NULL, with_mention) AS articles_with_mention,
       if(is_missing, NULL, hits) AS mentions,
       if(is_missing, NULL, total) AS articles,
       with_mention / nullif(total, 0) AS share,
       if(is_missing, NULL, with_mention_original) AS articles_with_mention_original,
       if(is_missing, NULL, hits_original) AS mentions_original,
       if(is_missing, NULL, total_original) AS articles_original,
       with_mention_original / nullif(total_original, 0) AS share_original
FROM filled
ORDER BY topic_id, source_id, day;
