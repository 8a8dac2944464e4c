-- Grain: one topic, source and {clock} day, over the whole calendar of the source.
-- Key: topic_id, source_id, day
-- Compared: articles, articles_other_languages, articles_with_mention, articles_with_mention_original, estimated_published
-- Touched by: topic_id, source_id, day FROM (FROM topics WHERE valid_to IS NULL) CROSS JOIN (
--         SELECT source_id, day FROM changed_coverage{local}
--         UNION SELECT source_id, {published_date} FROM changed_articles
--         UNION SELECT source_id, day FROM coverage{local}
--             SEMI JOIN changed_sources USING (source_id))
-- Touched by: topic_id, source_id, day FROM recounted CROSS JOIN coverage{local}
-- Touched by: topic_id, source_id, day FROM topic_daily{local}
--     SEMI JOIN recounted USING (topic_id)
--
-- Latest versions of dated articles count, in the languages of the topic: in other languages the topic
-- has no phrases, and a share of 0 would be meaningless. Copies are the articles with a duplicate_of.
WITH wanted AS (
    SELECT topic_id, source_id, country, language, day, state, estimated_published,
           completeness, languages
    FROM touched
    JOIN coverage{local} USING (source_id, day)
    JOIN sources USING (source_id)
    JOIN (SELECT topic_id, languages FROM topics WHERE valid_to IS NULL) AS counting
        USING (topic_id)
),
written AS MATERIALIZED (
    SELECT article_id, version_no, source_id, {published_date} AS day,
           duplicate_of IS NULL AS is_original, is_truncated IS NOT TRUE AS is_whole,
           language AS written_in
    FROM articles
    SEMI JOIN wanted ON wanted.source_id = articles.source_id AND wanted.day = {published_date}
),
hits AS (
    SELECT topic_id, source_id, day, article_id, is_original, is_whole,
           count(*) AS hits,
           count(*) FILTER (field = 'headline') AS hits_headline
    FROM mentions
    JOIN written USING (article_id, version_no)
    JOIN wanted USING (topic_id, source_id, day)
    WHERE counts_in(languages, written_in)
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
by_language AS (
    SELECT source_id, day, written_in, count(*) AS articles,
           count(*) FILTER (is_original) AS originals, count(*) FILTER (is_whole) AS whole
    FROM written
    GROUP BY ALL
),
daily AS (
    SELECT topic_id, source_id, day,
           sum(articles) FILTER (counts_in(languages, written_in)) AS articles,
           sum(articles) FILTER (NOT counts_in(languages, written_in)) AS articles_other_languages,
           sum(originals) FILTER (counts_in(languages, written_in)) AS articles_original,
           sum(whole) FILTER (counts_in(languages, written_in)) AS articles_whole
    FROM wanted
    JOIN by_language USING (source_id, day)
    GROUP BY ALL
),
counted AS (
    SELECT topic_id, source_id, country, language, day, state, estimated_published, completeness,
           if(state = 'missing', NULL, coalesce(
               COLUMNS(* EXCLUDE (topic_id, source_id, country, language, day, state,
                                  estimated_published, completeness, languages)), 0))
    FROM wanted
    LEFT JOIN daily USING (topic_id, source_id, day)
    LEFT JOIN hit USING (topic_id, source_id, day)
)
SELECT *,
       articles_with_mention / nullif(articles, 0) AS share,
       articles_with_mention_headline / nullif(articles, 0) AS share_headline,
       articles_with_mention_original / nullif(articles_original, 0) AS share_original,
       articles_with_mention_whole / nullif(articles_whole, 0) AS share_whole
FROM counted
ORDER BY topic_id, source_id, day
