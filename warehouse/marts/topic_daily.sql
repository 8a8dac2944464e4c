-- Grain: one topic, source and UTC day, over the whole calendar of the source.
-- Latest versions of dated articles count. Copies are the articles with a duplicate_of.
-- Counts `changed_days` anew, and the topics of `recounted` over all days.
DELETE FROM topic_daily
USING (SELECT source_id, day FROM changed_days UNION FROM gone_days) AS gone
WHERE topic_daily.source_id = gone.source_id AND topic_daily.day = gone.day;

DELETE FROM topic_daily WHERE topic_id IN (FROM recounted);

CREATE OR REPLACE TEMP TABLE wanted AS
WITH counting AS (SELECT topic_id FROM topics WHERE valid_to IS NULL)
SELECT topic_id, source_id, country, language, day, state, extracted AS articles
FROM (
    SELECT topic_id, source_id, day FROM counting CROSS JOIN changed_days
    UNION
    SELECT topic_id, source_id, day FROM counting SEMI JOIN recounted USING (topic_id)
    CROSS JOIN coverage
)
JOIN coverage USING (source_id, day)
JOIN sources USING (source_id);

INSERT INTO topic_daily BY NAME
WITH written AS MATERIALIZED (
    SELECT article_id, version_no, source_id, published_date AS day,
           duplicate_of IS NULL AS is_original, is_truncated IS NOT TRUE AS is_whole
    FROM articles
    WHERE rowid IN (
        SELECT articles.rowid
        FROM articles
        SEMI JOIN wanted
            ON wanted.source_id = articles.source_id AND wanted.day = published_date)
),
hits AS (
    SELECT topic_id, source_id, day, article_id, is_original, is_whole,
           count(*) AS hits,
           count(*) FILTER (field = 'headline') AS hits_headline
    FROM (
        FROM mentions
        WHERE rowid IN (SELECT mentions.rowid FROM mentions SEMI JOIN written USING (article_id))
    )
    JOIN written USING (article_id, version_no)
    SEMI JOIN wanted USING (topic_id, source_id, day)
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
daily AS (
    SELECT source_id, day, count(*) FILTER (is_original) AS articles_original,
           count(*) FILTER (is_whole) AS articles_whole
    FROM written
    GROUP BY ALL
),
counted AS (
    SELECT topic_id, source_id, country, language, day, state,
           if(state = 'missing', NULL, coalesce(
               COLUMNS(* EXCLUDE (topic_id, source_id, country, language, day, state)), 0))
    FROM wanted
    LEFT JOIN daily USING (source_id, day)
    LEFT JOIN hit USING (topic_id, source_id, day)
)
SELECT *,
       articles_with_mention / nullif(articles, 0) AS share,
       articles_with_mention_headline / nullif(articles, 0) AS share_headline,
       articles_with_mention_original / nullif(articles_original, 0) AS share_original,
       articles_with_mention_whole / nullif(articles_whole, 0) AS share_whole
FROM counted
ORDER BY topic_id, source_id, day;
