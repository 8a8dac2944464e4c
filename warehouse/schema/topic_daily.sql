-- Grain: one topic, source and UTC day, over the whole calendar of the source.
CREATE TABLE topic_daily (
    topic_id                       VARCHAR,
    source_id                      VARCHAR,
    day                            DATE,
    articles_with_mention          BIGINT,
    mentions                       BIGINT,
    articles                       BIGINT,
    share                          DOUBLE,
    articles_with_mention_original BIGINT,
    mentions_original              BIGINT,
    articles_original              BIGINT,
    share_original                 DOUBLE
);

COMMENT ON TABLE topic_daily IS
    'How often each topic came up: zero where the day was observed, NULL where it is missing. Counts latest versions of dated articles. For longer periods and several papers divide sum by sum.';
COMMENT ON COLUMN topic_daily.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN topic_daily.source_id IS 'The paper, as in sources';
COMMENT ON COLUMN topic_daily.day IS 'UTC day of publication';
COMMENT ON COLUMN topic_daily.articles_with_mention IS 'Articles in which the topic comes up';
COMMENT ON COLUMN topic_daily.mentions IS 'Mentions in them';
COMMENT ON COLUMN topic_daily.articles IS 'All articles';
COMMENT ON COLUMN topic_daily.share IS 'articles_with_mention / articles; NULL without articles';
COMMENT ON COLUMN topic_daily.articles_with_mention_original IS
    'articles_with_mention without syndicated copies';
COMMENT ON COLUMN topic_daily.mentions_original IS 'mentions without syndicated copies';
COMMENT ON COLUMN topic_daily.articles_original IS 'articles without syndicated copies';
COMMENT ON COLUMN topic_daily.share_original IS 'share without syndicated copies';
