-- Grain: one note on one topic's index for one kind of period, in one vintage, and on a source if it
-- was left out.
CREATE TABLE IF NOT EXISTS index_notes{local} (
    topic_id    VARCHAR,
    period_kind VARCHAR,
    source_id   VARCHAR,
    reason      VARCHAR,
    periods     BIGINT,
    as_of       DATE
);

COMMENT ON TABLE index_notes{local} IS
    'Sources that were left out of epu, gap_robust or log_linear, by name, and where the last two differ. Sources that were left out still count in pooled_share, gpr_style and tpu_style. On the index by {clock} day.';
COMMENT ON COLUMN index_notes{local}.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN index_notes{local}.period_kind IS 'day, week or month';
COMMENT ON COLUMN index_notes{local}.source_id IS
    'Id of the source, as in sources; NULL in a note on all';
COMMENT ON COLUMN index_notes{local}.reason IS
    'too_little_history: articles in fewer than 28 days, 8 weeks or 6 months; never_varies: its share is always the same; disconnected: no chain of common periods leads to the other sources, so its level cannot be told from theirs (left out of gap_robust and log_linear); unlinked: its level cannot be told from theirs, as it or the others had no mention in their common periods (left out of log_linear only); indexes_differ: gap_robust and log_linear are each outside the other''s interval, so that sources move neither by the same points nor by the same factor, or in one of these ways while one was away: compare sources one by one';
COMMENT ON COLUMN index_notes{local}.periods IS
    'Periods in which the source has articles, or in which the indexes differ';
COMMENT ON COLUMN index_notes{local}.as_of IS 'Vintage, as in attention_index{local}';
