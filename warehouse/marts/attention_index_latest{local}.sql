-- Grain: one topic and period (day, week or month), as the newest vintage has it.
CREATE OR REPLACE VIEW attention_index_latest{local} AS
SELECT *
FROM attention_index{local}
WHERE as_of = (SELECT max(as_of) FROM attention_index{local})
  AND topic_id IN (SELECT topic_id FROM topics WHERE valid_to IS NULL);

COMMENT ON VIEW attention_index_latest{local} IS
    'Attention to each topic over all sources, as the last load has it. By {clock} day.';
COMMENT ON COLUMN attention_index_latest{local}.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN attention_index_latest{local}.period_kind IS 'day, week or month';
COMMENT ON COLUMN attention_index_latest{local}.period IS
    '{clock_day}, or the first day of the ISO week or the month';
COMMENT ON COLUMN attention_index_latest{local}.as_of IS
    'UTC day of the load from which on the series said this';
COMMENT ON COLUMN attention_index_latest{local}.articles_with_mention IS
    'Articles in which the topic comes up, over all sources that were collected';
COMMENT ON COLUMN attention_index_latest{local}.articles IS 'All their articles';
COMMENT ON COLUMN attention_index_latest{local}.sources IS 'Sources that epu is the mean of';
COMMENT ON COLUMN attention_index_latest{local}.pooled_share IS 'articles_with_mention / articles';
COMMENT ON COLUMN attention_index_latest{local}.epu IS
    'Mean over sources of share / its standard deviation; mean 100';
COMMENT ON COLUMN attention_index_latest{local}.gpr_style IS 'pooled_share; mean 100';
COMMENT ON COLUMN attention_index_latest{local}.tpu_style IS
    'pooled_share; one article in a hundred is 100';
COMMENT ON COLUMN attention_index_latest{local}.gap_robust IS
    'As epu, without each source''s own level: right in an outage where sources move by the same points; mean 100';
COMMENT ON COLUMN attention_index_latest{local}.completeness IS
    'Articles collected over those published, as estimated in coverage{local}, of the source days of which that can be said; NULL without any';
COMMENT ON COLUMN attention_index_latest{local}.pooled_share_low IS
    'Lower end of the 95 % interval of pooled_share';
COMMENT ON COLUMN attention_index_latest{local}.pooled_share_high IS 'Upper end of it';
COMMENT ON COLUMN attention_index_latest{local}.epu_low IS 'Lower end of the 95 % interval of epu';
COMMENT ON COLUMN attention_index_latest{local}.epu_high IS 'Upper end of it';
COMMENT ON COLUMN attention_index_latest{local}.gap_robust_low IS
    'Lower end of the 95 % interval of gap_robust';
COMMENT ON COLUMN attention_index_latest{local}.gap_robust_high IS 'Upper end of it';
COMMENT ON COLUMN attention_index_latest{local}.log_linear IS
    'Attention as a factor common to all sources: right in an outage where sources move by the same factor; mean 100';
COMMENT ON COLUMN attention_index_latest{local}.log_linear_low IS
    'Lower end of the 95 % interval of log_linear';
COMMENT ON COLUMN attention_index_latest{local}.log_linear_high IS 'Upper end of it';
