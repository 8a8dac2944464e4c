-- Grain: one topic, source and UTC day, over the whole calendar of the source.
-- Latest versions of dated articles count. Copies are the articles with a duplicate_of.
DELETE FROM topic_daily;

INSERT INTO topic_daily BY NAME
WITH hits AS (
    SELECT topic_id, source_id, published_date AS day, article_id,
           any_value(duplicate_of) IS NULL AS is_original,
           any_value(is_truncated) IS NOT TRUE AS is_whole,
           count(*) AS hits,
           count(*) FILTER (field = 'headline') AS hits_headline
    FROM mentions
    JOIN articles USING (article_id, version_no)
    WHERE published_date IS NOT NULL
    GROUP BY ALL
),
hit AS (
    SELECT topic_id, source_id, day,
           count(*) AS articles_with_mention,
           sum(hits) AS mentions,
           count(*) FILTER (hits_headline > 0) AS articles_with_mention_headline,
           sum(hits_headline) AS mentions_headline,
           count(*) FILTER (is_original) AS articles_with_mention_original,
           sum(hits) FILTER (is_original) AS mentions_original,
           count(*) FILTER (is_whole) AS articles_with_mention_whole,
           sum(hits) FILTER (is_whole) AS mentions_whole
    FROM hits
    GROUP BY ALL
),
written AS (
    SELECT source_id, published_date AS day,
           count(*) FILTER (duplicate_of IS NULL) AS articles_original,
           count(*) FILTER (is_truncated IS NOT TRUE) AS articles_whole
    FROM articles
    WHERE published_date IS NOT NULL
    GROUP BY ALL
),
filled AS (
    SELECT topic_id, source_id, country, language, day, state,
           COLUMNS(hit.* EXCLUDE (topic_id, source_id, day)),
           extracted AS articles, articles_original, articles_whole
    FROM (SELECT topic_id FROM topics WHERE valid_to IS NULL)
    CROSS JOIN coverage
    JOIN sources USING (source_id)
    LEFT JOIN written USING (source_id, day)
    LEFT JOIN hit USING (topic_id, source_id, day)
),
counted AS (
    SELECT topic_id, source_id, country, language, day, state,
           if(state = 'missing', NULL, coalesce(
               COLUMNS(* EXCLUDE (topic_id, source_id, country, language, day, state)), 0))
    FROM filled
)
SELECT *,
       articles_with_mention / nullif(articles, 0) AS share,
       articles_with_mention_headline / nullif(articles, 0) AS share_headline,
       articles_with_mention_original / nullif(articles_original, 0) AS share_original,
       articles_with_mention_whole / nullif(articles_whole, 0) AS share_whole
FROM counted
ORDER BY topic_id, source_id, day;
