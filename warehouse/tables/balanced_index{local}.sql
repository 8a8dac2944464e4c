-- Grain: one topic and period (day, week or month).
CREATE TABLE IF NOT EXISTS balanced_index{local} (
    topic_id              VARCHAR,
    period_kind           VARCHAR,
    period                DATE,
    articles_with_mention BIGINT,
    articles              BIGINT,
    groups                BIGINT,
    balanced_share        DOUBLE,
    epu                   DOUBLE,
    epu_low               DOUBLE,
    epu_high              DOUBLE,
    gap_robust            DOUBLE,
    gap_robust_low        DOUBLE,
    gap_robust_high       DOUBLE,
    log_linear            DOUBLE,
    log_linear_low        DOUBLE,
    log_linear_high       DOUBLE,
    balanced_share_low    DOUBLE,
    balanced_share_high   DOUBLE,
    effective_articles    DOUBLE,
    balance               VARCHAR
);

COMMENT ON TABLE balanced_index{local} IS
    'Attention to each topic where groups of sources, countries or collections, weigh alike, so that thirty sources of one do not drown two of another. Empty unless PRESSWATCH_BALANCE names the groups. By {clock} day, without vintages; otherwise as attention_index.';
COMMENT ON COLUMN balanced_index{local}.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN balanced_index{local}.period_kind IS 'day, week or month';
COMMENT ON COLUMN balanced_index{local}.period IS
    'The {clock} day, or the first day of the ISO week or the month';
COMMENT ON COLUMN balanced_index{local}.articles_with_mention IS
    'Articles in which the topic comes up, of all groups';
COMMENT ON COLUMN balanced_index{local}.articles IS 'All their articles';
COMMENT ON COLUMN balanced_index{local}.groups IS
    'Groups with articles in the period, of which balanced_share is the mean. Where it changes, the share may have moved with it';
COMMENT ON COLUMN balanced_index{local}.balanced_share IS
    'Mean over groups of articles with the topic / articles';
COMMENT ON COLUMN balanced_index{local}.epu IS
    'As in attention_index, each source weighted by 1 / sources of its group in the period';
COMMENT ON COLUMN balanced_index{local}.epu_low IS 'Lower end of the 95 % interval of epu';
COMMENT ON COLUMN balanced_index{local}.epu_high IS 'Upper end of it';
COMMENT ON COLUMN balanced_index{local}.gap_robust IS
    'As in attention_index, by least squares with these weights: an outage moves nothing where sources move by the same points';
COMMENT ON COLUMN balanced_index{local}.gap_robust_low IS
    'Lower end of the 95 % interval of gap_robust';
COMMENT ON COLUMN balanced_index{local}.gap_robust_high IS 'Upper end of it';
COMMENT ON COLUMN balanced_index{local}.log_linear IS
    'As in attention_index, each article weighted by 1 / articles of its group in the period: an outage moves nothing where sources move by the same factor';
COMMENT ON COLUMN balanced_index{local}.log_linear_low IS
    'Lower end of the 95 % interval of log_linear';
COMMENT ON COLUMN balanced_index{local}.log_linear_high IS 'Upper end of it';
COMMENT ON COLUMN balanced_index{local}.balanced_share_low IS
    'Lower end of the 95 % interval of balanced_share';
COMMENT ON COLUMN balanced_index{local}.balanced_share_high IS 'Upper end of it';
COMMENT ON COLUMN balanced_index{local}.effective_articles IS
    'Articles of one source that would tell as much: groups squared / sum of 1 / articles of each (Kish). A group of few articles makes the mean uncertain';
COMMENT ON COLUMN balanced_index{local}.balance IS 'country or collection';
