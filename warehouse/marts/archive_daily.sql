-- Grain: one topic and UTC day on which archives have articles of domains that are not configured as sources.
CREATE OR REPLACE VIEW archive_daily AS
WITH counting AS (
    SELECT topic_id, languages FROM topics WHERE valid_to IS NULL
),
written AS (
    SELECT article_id, version_no, source_id, published_date AS day, language,
           duplicate_of IS NULL AS is_original
    FROM articles
    ANTI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
    WHERE published_date IS NOT NULL
),
by_language AS (
    SELECT day, source_id, language, count(*) AS articles,
           count(*) FILTER (is_original) AS originals
    FROM written
    GROUP BY ALL
),
days AS (
    SELECT topic_id, day, count(DISTINCT source_id) FILTER (is_counted) AS sources,
           coalesce(sum(articles) FILTER (is_counted), 0)::BIGINT AS articles,
           coalesce(sum(originals) FILTER (is_counted), 0)::BIGINT AS articles_original
    FROM (
        SELECT *, counts_in(languages, language) AS is_counted
        FROM by_language
        CROSS JOIN counting
    )
    GROUP BY topic_id, day
),
hits AS (
    SELECT topic_id, day, article_id, is_original, count(*) AS hits
    FROM mentions
    JOIN written USING (article_id, version_no)
    JOIN counting USING (topic_id)
    WHERE counts_in(languages, language)
    GROUP BY ALL
),
hit AS (
    SELECT topic_id, day, count(*) AS articles_with_mention, sum(hits)::BIGINT AS mentions,
           count(*) FILTER (is_original) AS articles_with_mention_original
    FROM hits
    GROUP BY ALL
)
SELECT topic_id, day, sources,
       coalesce(articles_with_mention, 0) AS articles_with_mention,
       coalesce(mentions, 0) AS mentions,
       articles,
       coalesce(articles_with_mention, 0) / nullif(articles, 0) AS share,
       coalesce(articles_with_mention_original, 0) AS articles_with_mention_original,
       articles_original,
       coalesce(articles_with_mention_original, 0) / nullif(articles_original, 0)
           AS share_original
FROM days
LEFT JOIN hit USING (topic_id, day);

COMMENT ON VIEW archive_daily IS
    'How often topics come up in the articles that archives have of domains that are not configured as sources, all domains together. What an archive crawled differs from day to day: read shares, not counts, and mind sources.';
COMMENT ON COLUMN archive_daily.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN archive_daily.day IS 'UTC day of publication; days without any article are not there';
COMMENT ON COLUMN archive_daily.sources IS 'Domains with such articles of this day';
COMMENT ON COLUMN archive_daily.articles_with_mention IS 'Articles that mention the topic';
COMMENT ON COLUMN archive_daily.mentions IS 'Mentions in them';
COMMENT ON COLUMN archive_daily.articles IS 'All articles of the day in the languages of the topic';
COMMENT ON COLUMN archive_daily.share IS 'articles_with_mention / articles; NULL without articles';
COMMENT ON COLUMN archive_daily.articles_with_mention_original IS
    'Articles with a mention that are no copies';
COMMENT ON COLUMN archive_daily.articles_original IS 'Articles that are no copies';
COMMENT ON COLUMN archive_daily.share_original IS
    'articles_with_mention_original / articles_original; NULL without any';
