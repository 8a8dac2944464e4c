-- Grain: one topic and UTC day on which it came up far more often than its own past explains.
CREATE TABLE IF NOT EXISTS topic_spikes (
    topic_id              VARCHAR,
    day                   DATE,
    articles_with_mention BIGINT,
    articles              BIGINT,
    share                 DOUBLE,
    expected              DOUBLE,
    score                 DOUBLE,
    sources               BIGINT,
    headlines             STRUCT(headline VARCHAR, source VARCHAR, url VARCHAR)[]
);

COMMENT ON TABLE topic_spikes IS
    'Days far above a topic''s own past: the past eight weeks of the sources that were collected on the day, weighted by their articles of the day, so that a source that is added or lost makes no spike. A spike scores at least 3.5 and has at least four articles, three of them no copies.';
COMMENT ON COLUMN topic_spikes.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN topic_spikes.day IS 'UTC day of publication';
COMMENT ON COLUMN topic_spikes.articles_with_mention IS
    'Articles in which the topic comes up, in sources with articles on 14 or more of the 56 days before';
COMMENT ON COLUMN topic_spikes.articles IS 'All articles of these sources';
COMMENT ON COLUMN topic_spikes.share IS 'articles_with_mention / articles';
COMMENT ON COLUMN topic_spikes.expected IS
    'articles_with_mention that the same sources'' past and the weekday let expect';
COMMENT ON COLUMN topic_spikes.score IS
    'Standard deviations above expected, the topic''s usual scatter taken into account; by chance nearly standard normal';
COMMENT ON COLUMN topic_spikes.sources IS 'Sources counted';
COMMENT ON COLUMN topic_spikes.headlines IS
    'Up to five articles behind it, of all sources: no copies first, then those with most mentions in the headline and in all';
