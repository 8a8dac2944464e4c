-- Grain: one topic, period (day, week or month) and vintage.
CREATE TABLE IF NOT EXISTS attention_index{local} (
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
    completeness          DOUBLE,
    pooled_share_low      DOUBLE,
    pooled_share_high     DOUBLE,
    epu_low               DOUBLE,
    epu_high              DOUBLE,
    gap_robust_low        DOUBLE,
    gap_robust_high       DOUBLE,
    log_linear            DOUBLE,
    log_linear_low        DOUBLE,
    log_linear_high       DOUBLE
);

COMMENT ON TABLE attention_index{local} IS
    'Attention to each topic over all sources, as six series with 95 % intervals, in vintages: what the series said as of a day. attention_index_latest{local} is the newest vintage, attention_index_as_of{local}(day) the one that held on a day. NULL where nothing was collected or no article came out. Older vintages keep weeks, months and their last 90 days; a vintage a day for 60 days, then the last of each month. epu and the pooled share move when a source drops out; gap_robust and log_linear allow for it, each in one way only. gpr_style and tpu_style are pooled_share times a constant, and so are their intervals. By {clock} day.';
COMMENT ON COLUMN attention_index{local}.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN attention_index{local}.period_kind IS 'day, week or month';
COMMENT ON COLUMN attention_index{local}.period IS
    '{clock_day}, or the first day of the ISO week or the month';
COMMENT ON COLUMN attention_index{local}.as_of IS
    'UTC day of the load from which on the series said this; the last load of a day wins';
COMMENT ON COLUMN attention_index{local}.articles_with_mention IS
    'Articles in which the topic comes up, over all sources that were collected';
COMMENT ON COLUMN attention_index{local}.articles IS 'All their articles';
COMMENT ON COLUMN attention_index{local}.sources IS
    'Sources with articles in the period that epu is the mean of; the others are in index_notes{local}';
COMMENT ON COLUMN attention_index{local}.pooled_share IS
    'articles_with_mention / articles: sum over sum';
COMMENT ON COLUMN attention_index{local}.epu IS
    'Mean over sources of share / its standard deviation, scaled to a mean of 100 (Baker, Bloom, Davis, QJE 131(4))';
COMMENT ON COLUMN attention_index{local}.gpr_style IS
    'pooled_share scaled to a mean of 100 (Caldara, Iacoviello, AER 112(4))';
COMMENT ON COLUMN attention_index{local}.tpu_style IS
    'pooled_share where one article in a hundred is 100 (Caldara et al., JME 109)';
COMMENT ON COLUMN attention_index{local}.gap_robust IS
    'As epu, each source''s own level taken out by least squares over the observed periods (this project''s own proposal). A source''s outage moves nothing where sources rise and fall by the same number of their standard deviations. Where they rise by the same factor it is wrong: attention that doubles while the source of the highest level is away shows as less than double';
COMMENT ON COLUMN attention_index{local}.completeness IS
    'Articles collected over those published, as estimated in coverage{local}, of the source days of which that can be said; NULL without any, and in vintages of versions before 0.2';
COMMENT ON COLUMN attention_index{local}.pooled_share_low IS
    'Lower end of the 95 % interval of pooled_share, as of shares in topic_weekly{local}; NULL in vintages of versions before 0.2, as are all columns that follow';
COMMENT ON COLUMN attention_index{local}.pooled_share_high IS 'Upper end of it';
COMMENT ON COLUMN attention_index{local}.epu_low IS
    'Lower end of the 95 % interval of epu: chance and scatter of the counts of these sources in these periods, the standard deviations taken as given';
COMMENT ON COLUMN attention_index{local}.epu_high IS 'Upper end of it';
COMMENT ON COLUMN attention_index{local}.gap_robust_low IS
    'Lower end of the 95 % interval of gap_robust, likewise; it does not allow for sources that do not move alike';
COMMENT ON COLUMN attention_index{local}.gap_robust_high IS 'Upper end of it';
COMMENT ON COLUMN attention_index{local}.log_linear IS
    'Attention as a factor common to all sources, each with a level of its own, by a quasi-Poisson model of the counts over the observed periods; mean 100. A source''s outage moves nothing where sources rise and fall by the same factor. Where they move by the same points it is wrong, by some percent in an outage; index_notes{local} says where it and gap_robust differ by more than their intervals';
COMMENT ON COLUMN attention_index{local}.log_linear_low IS
    'Lower end of the 95 % interval of log_linear, likewise; 0 for a period without mentions';
COMMENT ON COLUMN attention_index{local}.log_linear_high IS 'Upper end of it';
