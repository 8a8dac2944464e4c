-- Grain: one source that was left out of one topic's index for one kind of period, in one vintage.
CREATE TABLE IF NOT EXISTS index_notes (
    topic_id    VARCHAR,
    period_kind VARCHAR,
    source_id   VARCHAR,
    reason      VARCHAR,
    periods     BIGINT,
    as_of       DATE
);

COMMENT ON TABLE index_notes IS
    'Sources that were left out of epu and gap_robust, by name. They still count in pooled_share, gpr_style and tpu_style.';
COMMENT ON COLUMN index_notes.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN index_notes.period_kind IS 'day, week or month';
COMMENT ON COLUMN index_notes.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN index_notes.reason IS
    'too_little_history: articles in fewer than 28 days, 8 weeks or 6 months; never_varies: its share is always the same; disconnected: no chain of common periods leads to the other sources, so its level cannot be told from theirs (left out of gap_robust only)';
COMMENT ON COLUMN index_notes.periods IS 'Periods in which the source has articles';
COMMENT ON COLUMN index_notes.as_of IS 'Vintage, as in attention_index';
