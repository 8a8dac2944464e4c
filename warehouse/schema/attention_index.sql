-- Grain: one topic, period (day, week or month) and vintage.
CREATE TABLE IF NOT EXISTS attention_index (
    topic_id              VARCHAR,
    period_kind           VARCHAR,
    period                DATE,
    as_of                 DATE,
    articles_with_mention BIGINT,
    articles              BIGINT,
    sources               BIGINT,
    pooled_share          DOUBLE,
    epu                   DOUBLE,
    gpr_style             DOUBLE,
    tpu_style             DOUBLE,
    gap_robust            DOUBLE,
    completeness          DOUBLE
);

COMMENT ON TABLE attention_index IS
    'Attention to each topic over all sources, as five series, in vintages: what the series said as of a day. attention_index_latest is the newest vintage, attention_index_as_of(day) the one that held on a day. NULL where nothing was collected or no article came out. Older vintages keep weeks, months and their last 90 days; a vintage a day for 60 days, then the last of each month. epu moves when a source drops out, gap_robust does not.';
COMMENT ON COLUMN attention_index.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN attention_index.period_kind IS 'day, week or month';
COMMENT ON COLUMN attention_index.period IS
    'The UTC day, or the first day of the ISO week or the month';
COMMENT ON COLUMN attention_index.as_of IS
    'UTC day of the load from which on the series said this; the last load of a day wins';
COMMENT ON COLUMN attention_index.articles_with_mention IS
    'Articles in which the topic comes up, over all sources that were collected';
COMMENT ON COLUMN attention_index.articles IS 'All their articles';
COMMENT ON COLUMN attention_index.sources IS
    'Sources with articles in the period that epu is the mean of; the others are in index_notes';
COMMENT ON COLUMN attention_index.pooled_share IS
    'articles_with_mention / articles: sum over sum';
COMMENT ON COLUMN attention_index.epu IS
    'Mean over sources of share / its standard deviation, scaled to a mean of 100 (Baker, Bloom, Davis, QJE 131(4))';
COMMENT ON COLUMN attention_index.gpr_style IS
    'pooled_share scaled to a mean of 100 (Caldara, Iacoviello, AER 112(4))';
COMMENT ON COLUMN attention_index.tpu_style IS
    'pooled_share where one article in a hundred is 100 (Caldara et al., JME 109)';
COMMENT ON COLUMN attention_index.gap_robust IS
    'As epu, each source''s own level taken out by least squares over the observed periods, so that a source''s outage moves nothing (this project''s own proposal)';
COMMENT ON COLUMN attention_index.completeness IS
    'Articles collected over those published, as estimated in coverage, of the source days of which that can be said; NULL without any, and in vintages of versions before 0.2';
