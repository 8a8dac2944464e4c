-- Grain: one topic, source and {clock} day, over the whole calendar of the source.
CREATE TABLE IF NOT EXISTS topic_daily{local} (
    topic_id                       VARCHAR,
    source_id                      VARCHAR,
    country                        VARCHAR,
    language                       VARCHAR,
    day                            DATE,
    articles_with_mention          BIGINT,
    mentions                       BIGINT,
    articles                       BIGINT,
    articles_other_languages       BIGINT,
    share                          DOUBLE,
    articles_with_mention_headline BIGINT,
    mentions_headline              BIGINT,
    share_headline                 DOUBLE,
    articles_with_mention_original BIGINT,
    mentions_original              BIGINT,
    articles_original              BIGINT,
    share_original                 DOUBLE,
    articles_with_mention_whole    BIGINT,
    mentions_whole                 BIGINT,
    articles_whole                 BIGINT,
    share_whole                    DOUBLE,
    estimated_published            DOUBLE,
    completeness                   DOUBLE,
    state                          VARCHAR
);

COMMENT ON TABLE topic_daily{local} IS
    'How often each topic came up: zero where the day was observed, NULL where it is missing. Counts latest versions of dated articles. For longer periods and several sources divide sum by sum. By {clock} day.';
COMMENT ON COLUMN topic_daily{local}.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN topic_daily{local}.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN topic_daily{local}.country IS 'Country of the source';
COMMENT ON COLUMN topic_daily{local}.language IS 'Language of the source';
COMMENT ON COLUMN topic_daily{local}.day IS '{clock_day} of publication';
COMMENT ON COLUMN topic_daily{local}.articles_with_mention IS 'Articles in which the topic comes up';
COMMENT ON COLUMN topic_daily{local}.mentions IS 'Mentions in them';
COMMENT ON COLUMN topic_daily{local}.articles IS
    'All articles in the languages of the topic (topics.languages), or in none that is known';
COMMENT ON COLUMN topic_daily{local}.articles_other_languages IS
    'Articles in other languages, in which the topic has no phrase to find: neither they nor their mentions count here';
COMMENT ON COLUMN topic_daily{local}.share IS 'articles_with_mention / articles; NULL without articles';
COMMENT ON COLUMN topic_daily{local}.articles_with_mention_headline IS
    'Articles with a mention in the headline';
COMMENT ON COLUMN topic_daily{local}.mentions_headline IS 'Mentions in headlines';
COMMENT ON COLUMN topic_daily{local}.share_headline IS
    'articles_with_mention_headline / articles; NULL without articles';
COMMENT ON COLUMN topic_daily{local}.articles_with_mention_original IS
    'articles_with_mention without syndicated copies';
COMMENT ON COLUMN topic_daily{local}.mentions_original IS 'mentions without syndicated copies';
COMMENT ON COLUMN topic_daily{local}.articles_original IS 'articles without syndicated copies';
COMMENT ON COLUMN topic_daily{local}.share_original IS 'share without syndicated copies';
COMMENT ON COLUMN topic_daily{local}.articles_with_mention_whole IS
    'articles_with_mention without truncated pages';
COMMENT ON COLUMN topic_daily{local}.mentions_whole IS 'mentions without truncated pages';
COMMENT ON COLUMN topic_daily{local}.articles_whole IS 'articles without truncated pages';
COMMENT ON COLUMN topic_daily{local}.share_whole IS 'share without truncated pages';
COMMENT ON COLUMN topic_daily{local}.estimated_published IS
    'Articles that the source published, as estimated in coverage{local}; NULL where nothing tells';
COMMENT ON COLUMN topic_daily{local}.completeness IS
    'The share of them that was collected, as in coverage{local}';
COMMENT ON COLUMN topic_daily{local}.state IS 'observed, partial or missing, as in coverage{local}';
