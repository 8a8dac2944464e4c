-- Grain: one topic and source.
CREATE TABLE IF NOT EXISTS topic_dispersion{local} (
    topic_id  VARCHAR,
    source_id VARCHAR,
    variation DOUBLE,
    pairs     BIGINT
);

COMMENT ON TABLE topic_dispersion{local} IS
    'How much a source''s share of a topic varies from day to day beyond chance, since articles of one day are not independent. It widens the intervals of shares. By {clock} day.';
COMMENT ON COLUMN topic_dispersion{local}.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN topic_dispersion{local}.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN topic_dispersion{local}.variation IS
    'Variance of the daily share beyond chance, relative to the share squared: .25 is a standard deviation of half the share; 0 is chance alone. Estimated from successive days, so that slow changes do not count, and raised by half its standard error';
COMMENT ON COLUMN topic_dispersion{local}.pairs IS
    'Pairs of successive days with at least two articles with the topic that it is estimated from; a source with few of them takes after the others';
