-- Grain: one article of the sample of one audit.
CREATE TABLE IF NOT EXISTS audit_articles (
    audit_id       VARCHAR,
    article_no     INTEGER,
    article_id     UUID,
    version_no     INTEGER,
    source_id      VARCHAR,
    language       VARCHAR,
    section        VARCHAR,
    alias          VARCHAR,
    period         VARCHAR,
    published_date DATE,
    stratum        INTEGER,
    weight         DOUBLE,
    mentions       INTEGER,
    verdict        VARCHAR
);

COMMENT ON TABLE audit_articles IS
    'The articles of each audit, with the verdict of all readers. A weighted count of articles is the sum of their weights.';
COMMENT ON COLUMN audit_articles.audit_id IS 'Audit, as in audits';
COMMENT ON COLUMN audit_articles.article_no IS
    'Its number in the order in which they are judged, which is random, from 0';
COMMENT ON COLUMN audit_articles.article_id IS 'Article, as in articles';
COMMENT ON COLUMN audit_articles.version_no IS 'Version that was drawn and judged';
COMMENT ON COLUMN audit_articles.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN audit_articles.language IS 'Language code of the article';
COMMENT ON COLUMN audit_articles.section IS 'Section that the page names';
COMMENT ON COLUMN audit_articles.alias IS 'Alias that it mentions most; NULL of a near miss';
COMMENT ON COLUMN audit_articles.period IS 'Month of publication';
COMMENT ON COLUMN audit_articles.published_date IS 'UTC day of publication';
COMMENT ON COLUMN audit_articles.stratum IS
    'Stratum of the sample: source, language, alias and period, small ones merged';
COMMENT ON COLUMN audit_articles.weight IS
    'Articles that it stands for: 1 / its probability to be drawn (Horvitz-Thompson)';
COMMENT ON COLUMN audit_articles.mentions IS 'Mentions of the topic in it; 0 of a near miss';
COMMENT ON COLUMN audit_articles.verdict IS
    'yes, no or unsure (also where readers differ); NULL while nobody has judged it';
