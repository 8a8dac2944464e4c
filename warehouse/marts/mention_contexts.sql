-- Grain: one mention in the latest version of an article, with the details that a reader needs.
CREATE OR REPLACE VIEW mention_contexts AS
SELECT mentions.topic_id, published_date, source_id, coalesce(sources.name, source_id) AS source,
       headline, field, context_left, matched_text, context_right,
       context_left || '[' || matched_text || ']' || context_right AS context,
       url_canonical AS url, alias, published_at, articles.language, access, is_truncated,
       duplicate_of IS NOT NULL AS is_copy, article_id, version_no, sentence_no, char_start,
       paragraph_no, published_local_date,
       counts_in(topics.languages, articles.language) AS in_topic_languages
FROM mentions
JOIN articles USING (article_id, version_no)
LEFT JOIN sources USING (source_id)
LEFT JOIN topics ON topics.topic_id = mentions.topic_id AND valid_to IS NULL;

COMMENT ON VIEW mention_contexts IS
    'Where the topics come up, in context, with source, date and URL. Latest versions only.';
COMMENT ON COLUMN mention_contexts.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN mention_contexts.published_date IS 'UTC day of publication; NULL where unknown';
COMMENT ON COLUMN mention_contexts.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN mention_contexts.source IS 'Its name';
COMMENT ON COLUMN mention_contexts.headline IS 'Headline of the article';
COMMENT ON COLUMN mention_contexts.field IS 'kicker, headline, standfirst, body or caption';
COMMENT ON COLUMN mention_contexts.context_left IS 'Text before the hit';
COMMENT ON COLUMN mention_contexts.matched_text IS 'The hit as printed';
COMMENT ON COLUMN mention_contexts.context_right IS 'Text after the hit';
COMMENT ON COLUMN mention_contexts.context IS 'The three in one, the hit in brackets';
COMMENT ON COLUMN mention_contexts.url IS 'URL the article is known by';
COMMENT ON COLUMN mention_contexts.alias IS 'Alias as it stands in the topic''s definition';
COMMENT ON COLUMN mention_contexts.published_at IS 'Time of publication (UTC)';
COMMENT ON COLUMN mention_contexts.language IS 'Language code of the article';
COMMENT ON COLUMN mention_contexts.access IS 'free, metered, paywalled or unknown';
COMMENT ON COLUMN mention_contexts.is_truncated IS
    'Whether only a part of the article was delivered';
COMMENT ON COLUMN mention_contexts.is_copy IS 'Whether the article is a syndicated copy';
COMMENT ON COLUMN mention_contexts.published_local_date IS
    'Day of publication in the time zone of the source';
COMMENT ON COLUMN mention_contexts.article_id IS 'Article, as in articles';
COMMENT ON COLUMN mention_contexts.version_no IS 'Its latest version';
COMMENT ON COLUMN mention_contexts.sentence_no IS 'Sentence of the field, from 0';
COMMENT ON COLUMN mention_contexts.char_start IS 'First code point of the hit in the field, from 0';
COMMENT ON COLUMN mention_contexts.paragraph_no IS
    'Paragraph of the field, from 0; of captions, the caption';
COMMENT ON COLUMN mention_contexts.in_topic_languages IS
    'Whether the topic counts articles in this language: those in its languages (topics.languages), and where the article''s language is not known. topic_daily has only these';
