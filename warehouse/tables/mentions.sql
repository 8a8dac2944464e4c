-- Grain: one hit of one phrase in one field of one article version.
CREATE TABLE IF NOT EXISTS mentions (
    article_id    UUID,
    version_no    INTEGER,
    topic_id      VARCHAR,
    topic_version INTEGER,
    alias         VARCHAR,
    field         VARCHAR,
    sentence_no   INTEGER,
    paragraph_no  INTEGER,
    char_start    INTEGER,
    char_end      INTEGER,
    matched_text  VARCHAR,
    context_left  VARCHAR,
    context_right VARCHAR
);

COMMENT ON TABLE mentions IS
    'Where the topics come up: one row for each phrase that counts (an alias; of a topic with all_of, all that made it count), for all versions; join articles on article_id and version_no to count the latest ones. Offsets are in code points of the field, which for captions is all of them joined by a newline.';
COMMENT ON COLUMN mentions.article_id IS 'Article, as in articles';
COMMENT ON COLUMN mentions.version_no IS 'Version of the article';
COMMENT ON COLUMN mentions.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN mentions.topic_version IS 'Version of the topic''s definition';
COMMENT ON COLUMN mentions.alias IS 'Alias, or phrase of all_of, as it stands in the definition';
COMMENT ON COLUMN mentions.field IS 'kicker, headline, standfirst, body or caption';
COMMENT ON COLUMN mentions.sentence_no IS 'Sentence of the field, from 0';
COMMENT ON COLUMN mentions.paragraph_no IS
    'Paragraph of the field, from 0; of captions, the caption';
COMMENT ON COLUMN mentions.char_start IS 'First code point of the hit, from 0';
COMMENT ON COLUMN mentions.char_end IS 'Code point after the hit';
COMMENT ON COLUMN mentions.matched_text IS 'The hit as printed';
COMMENT ON COLUMN mentions.context_left IS 'Text before the hit';
COMMENT ON COLUMN mentions.context_right IS 'Text after the hit';
