-- Grain: one audit: a judged sample of a topic's articles, or of its near misses.
CREATE TABLE IF NOT EXISTS audits (
    audit_id      VARCHAR,
    topic_id      VARCHAR,
    topic_version INTEGER,
    kind          VARCHAR,
    seed          BIGINT,
    drawn_at      TIMESTAMPTZ,
    load_no       INTEGER,
    population    BIGINT,
    counted       BIGINT,
    sampled       INTEGER,
    judged        INTEGER,
    yes           INTEGER,
    no            INTEGER,
    unsure        INTEGER,
    share_yes     DOUBLE,
    low           DOUBLE,
    high          DOUBLE,
    readers       VARCHAR[],
    kappa         DOUBLE
);

COMMENT ON TABLE audits IS
    'Samples of articles that people judged: is this article about the topic? Of kind precision the articles that the topic counted, of kind near_miss others like them without an alias. They are kept as they were judged when a definition changes or an article is revised.';
COMMENT ON COLUMN audits.audit_id IS 'Audit';
COMMENT ON COLUMN audits.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN audits.topic_version IS 'Version of the definition that was judged';
COMMENT ON COLUMN audits.kind IS 'precision or near_miss';
COMMENT ON COLUMN audits.seed IS 'Seed by which the sample was drawn';
COMMENT ON COLUMN audits.drawn_at IS 'When it was drawn (UTC)';
COMMENT ON COLUMN audits.load_no IS 'Load of the snapshot that it was drawn from';
COMMENT ON COLUMN audits.population IS
    'Articles that it was drawn from: the sum of the weights of its articles';
COMMENT ON COLUMN audits.counted IS 'Articles in the topic''s denominator when it was drawn';
COMMENT ON COLUMN audits.sampled IS 'Articles that were drawn';
COMMENT ON COLUMN audits.judged IS 'Articles with a verdict';
COMMENT ON COLUMN audits.yes IS 'Articles that are about the topic, as all their readers say';
COMMENT ON COLUMN audits.no IS 'Articles that are not about the topic, as all their readers say';
COMMENT ON COLUMN audits.unsure IS
    'Articles of which a reader is not sure, or on which readers differ; counted in neither';
COMMENT ON COLUMN audits.share_yes IS
    'Weighted share of yes among yes and no: of kind precision, the precision by article';
COMMENT ON COLUMN audits.low IS 'Lower end of its 95 % interval, by the design of the sample';
COMMENT ON COLUMN audits.high IS 'Upper end of its 95 % interval';
COMMENT ON COLUMN audits.readers IS 'Who judged';
COMMENT ON COLUMN audits.kappa IS
    'Cohen''s kappa of the two readers with most articles in common; NULL of one reader';
