-- Grain: one topic and UTC day on which archives have articles of domains that are not configured as sources.
CREATE OR REPLACE VIEW archive_daily AS
WITH written AS (
    SELECT article_id, version_no, source_id, published_date AS day,
           duplicate_of IS NULL AS is_original
    FROM articles
    ANTI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
    WHERE published_date IS NOT NULL
),
days AS (
    SELECT day, count(DISTINCT source_id) AS sources, count(*) AS articles,
           count(*) FILTER (is_original) AS articles_original
    FROM written
    GROUP BY day
),
hits AS (
    SELECT topic_id, day, article_id, is_original, count(*) AS hits
    FROM mentions
    JOIN written USING (article_id, version_no)
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
       coalesce(articles_with_mention, 0) / articles AS share,
       coalesce(articles_with_mention_original, 0) AS articles_with_mention_original,
       articles_original,
       coalesce(articles_with_mention_original, 0) / nullif(articles_original, 0)
           AS share_original
FROM days
CROSS JOIN (SELECT topic_id FROM topics WHERE valid_to IS NULL)
LEFT JOIN hit USING (topic_id, day);

COMMENT ON VIEW archive_daily IS
    'How often topics come up in the articles that archives have of domains that are not configured as sources, all domains together. What an archive crawled differs from day to day: read shares, not counts, and mind sources.';
COMMENT ON COLUMN archive_daily.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN archive_daily.day IS 'UTC day of publication; days without any article are not there';
COMMENT ON COLUMN archive_daily.sources IS 'Domains with articles of this day';
COMMENT ON COLUMN archive_daily.articles_with_mention IS 'Articles that mention the topic';
COMMENT ON COLUMN archive_daily.mentions IS 'Mentions in them';
COMMENT ON COLUMN archive_daily.articles IS 'All articles of the day';
COMMENT ON COLUMN archive_daily.share IS 'articles_with_mention / articles';
COMMENT ON COLUMN archive_daily.articles_with_mention_original IS
    'Articles with a mention that are no copies';
COMMENT ON COLUMN archive_daily.articles_original IS 'Articles that are no copies';
COMMENT ON COLUMN archive_daily.share_original IS
    'articles_with_mention_original / articles_original';
