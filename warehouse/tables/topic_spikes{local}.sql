-- Grain: one topic and {clock} day on which it came up far more often than its own past explains.
CREATE TABLE IF NOT EXISTS topic_spikes{local} (
    topic_id              VARCHAR,
    day                   DATE,
    articles_with_mention BIGINT,
    articles              BIGINT,
    share                 DOUBLE,
    expected              DOUBLE,
    score                 DOUBLE,
    threshold             BIGINT,
    false_alarms_per_year DOUBLE,
    sources               BIGINT,
    headlines             STRUCT(headline VARCHAR, source VARCHAR, url VARCHAR)[]
);

COMMENT ON TABLE topic_spikes{local} IS
    'Days far above a topic''s own past: the past eight weeks of the sources that were collected on the day, weighted by their articles of the day, so that a source that is added or lost makes no spike. From the eighth day of an installation on; the bounds are wider while the past is short. A spike has at least threshold articles, and at least three that are no copies. By {clock} day.';
COMMENT ON COLUMN topic_spikes{local}.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN topic_spikes{local}.day IS '{clock_day} of publication';
COMMENT ON COLUMN topic_spikes{local}.articles_with_mention IS
    'Articles in which the topic comes up, in sources with articles on 5 or more of the 56 days before';
COMMENT ON COLUMN topic_spikes{local}.articles IS 'All articles of these sources';
COMMENT ON COLUMN topic_spikes{local}.share IS 'articles_with_mention / articles';
COMMENT ON COLUMN topic_spikes{local}.expected IS
    'articles_with_mention that the same sources'' past and the weekday let expect';
COMMENT ON COLUMN topic_spikes{local}.score IS
    'How unlikely so many articles are by chance, as standard deviations of a normal distribution: of a count that scatters as the topic usually does, less where the past is short. What score a spike needs follows from false_alarms_per_year: 2.5 for one';
COMMENT ON COLUMN topic_spikes{local}.threshold IS
    'The fewest articles_with_mention that would have been a spike on this day, at least four';
COMMENT ON COLUMN topic_spikes{local}.false_alarms_per_year IS
    'How many of a topic''s days in a year may be taken for spikes by chance, as set for this installation (PRESSWATCH_SPIKE_FALSE_ALARMS): at most so many in simulations of steady, scattered and slowly changing topics';
COMMENT ON COLUMN topic_spikes{local}.sources IS 'Sources counted';
COMMENT ON COLUMN topic_spikes{local}.headlines IS
    'Up to five articles behind it, of all sources: no copies first, then those with most mentions in the headline and in all';
