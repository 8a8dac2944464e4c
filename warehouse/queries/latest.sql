-- Grain: one of the latest articles of a topic, with the first of its mentions in context.
SELECT article_id, topics.name AS topic, articles.{published_date} AS day, sources.name AS source,
       articles.headline, articles.url_canonical AS url, articles.language,
       char_start > length(context_left) AS is_cut_left,
       NOT regexp_matches(context_right, '[.!?。！？…]\s*$') AS is_cut_right,
       context_left, matched_text, context_right, count(*) OVER article AS mentions
FROM mentions
JOIN articles USING (article_id, version_no)
JOIN sources USING (source_id)
JOIN (
    FROM topics
    -- A snapshot of 0.1 lacks it.
    UNION ALL BY NAME SELECT NULL::VARCHAR[] AS languages WHERE false
) AS topics USING (topic_id)
-- Articles as counted in topic_daily.
SEMI JOIN coverage{local} AS days
    ON days.source_id = articles.source_id AND days.day = {published_date}
WHERE topics.valid_to IS NULL AND {published_date} BETWEEN $first_day AND $last_day
  -- As the macro counts_in, which a snapshot of 0.1 lacks.
  AND (languages IS NULL OR articles.language IS NULL
       OR list_contains(languages, split_part(articles.language, '-', 1))
       OR (list_contains(languages, 'no') AND split_part(articles.language, '-', 1) IN ('nb', 'nn')))
WINDOW article AS (PARTITION BY mentions.topic_id, article_id)
QUALIFY row_number() OVER (article ORDER BY field <> 'body', sentence_no, char_start) = 1
    AND dense_rank() OVER (
        PARTITION BY mentions.topic_id
        ORDER BY articles.published_at DESC NULLS LAST, article_id) <= 8
ORDER BY articles.published_at DESC, topic, headline, article_id
LIMIT 60
