-- Grain: one verdict of one reader on one article of an audit.
CREATE TABLE IF NOT EXISTS audit_verdicts (
    audit_id       VARCHAR,
    article_id     UUID,
    reader         VARCHAR,
    verdict        VARCHAR,
    false_mentions INTEGER[],
    judged_at      TIMESTAMPTZ,
    is_current     BOOLEAN
);

COMMENT ON TABLE audit_verdicts IS
    'All verdicts that were ever given, also those that were changed or taken back.';
COMMENT ON COLUMN audit_verdicts.audit_id IS 'Audit, as in audits';
COMMENT ON COLUMN audit_verdicts.article_id IS 'Article, as in audit_articles';
COMMENT ON COLUMN audit_verdicts.reader IS 'Who judged';
COMMENT ON COLUMN audit_verdicts.verdict IS 'yes, no, unsure, or withdrawn';
COMMENT ON COLUMN audit_verdicts.false_mentions IS
    'Mentions that are not about the topic though the article is, as in audit_mentions';
COMMENT ON COLUMN audit_verdicts.judged_at IS 'When (UTC)';
COMMENT ON COLUMN audit_verdicts.is_current IS
    'Whether it counts: the reader''s last one on the article, and not withdrawn';
