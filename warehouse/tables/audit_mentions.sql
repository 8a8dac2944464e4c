-- Grain: one mention in an article of an audit, as it was shown to the reader.
CREATE TABLE IF NOT EXISTS audit_mentions (
    audit_id      VARCHAR,
    article_id    UUID,
    mention_no    INTEGER,
    alias         VARCHAR,
    field         VARCHAR,
    char_start    INTEGER,
    char_end      INTEGER,
    matched_text  VARCHAR,
    context_left  VARCHAR,
    context_right VARCHAR,
    verdict       VARCHAR
);

COMMENT ON TABLE audit_mentions IS
    'The mentions that readers of an audit saw, as they were then: the first twenty of an article.';
COMMENT ON COLUMN audit_mentions.audit_id IS 'Audit, as in audits';
COMMENT ON COLUMN audit_mentions.article_id IS 'Article, as in audit_articles';
COMMENT ON COLUMN audit_mentions.mention_no IS 'Number of the mention in the article, from 0';
COMMENT ON COLUMN audit_mentions.alias IS 'Alias as it stood in the definition';
COMMENT ON COLUMN audit_mentions.field IS 'Field of the article that it is in, as in mentions';
COMMENT ON COLUMN audit_mentions.char_start IS 'First code point of the hit, from 0';
COMMENT ON COLUMN audit_mentions.char_end IS 'Code point after the hit';
COMMENT ON COLUMN audit_mentions.matched_text IS 'The hit as printed';
COMMENT ON COLUMN audit_mentions.context_left IS 'Text before the hit';
COMMENT ON COLUMN audit_mentions.context_right IS 'Text after the hit';
COMMENT ON COLUMN audit_mentions.verdict IS
    'yes, no or unsure: that of the article, unless a reader said otherwise of the mention; NULL while nobody has judged it';
