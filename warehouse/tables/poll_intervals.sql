-- Grain: one source that was asked for its listings.
CREATE TABLE IF NOT EXISTS poll_intervals (
    source_id        VARCHAR,
    polled_at        TIMESTAMPTZ,
    interval_minutes INTEGER,
    due_at           TIMESTAMPTZ,
    basis            VARCHAR,
    listing          VARCHAR,
    window_entries   INTEGER,
    entries_per_day  DOUBLE,
    last_poll        VARCHAR,
    listings         VARCHAR[]
);

COMMENT ON TABLE poll_intervals IS
    'How long a source may wait for its next poll, by the time of the week, before entries leave one of its listings unread. A schedule with due_only asks only sources whose time has come.';
COMMENT ON COLUMN poll_intervals.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN poll_intervals.polled_at IS 'Time of its last poll (UTC), as in polls';
COMMENT ON COLUMN poll_intervals.interval_minutes IS
    'From that poll to the next one: 10 minutes to a day';
COMMENT ON COLUMN poll_intervals.due_at IS
    'When it is due (UTC). The circuit breaker may hold it back longer, a recheck may make it due before';
COMMENT ON COLUMN poll_intervals.basis IS 'Why, in words';
COMMENT ON COLUMN poll_intervals.listing IS
    'The listing that would be the first to lose entries; NULL when no read counted its entries';
COMMENT ON COLUMN poll_intervals.window_entries IS 'Entries of that listing when it was last read';
COMMENT ON COLUMN poll_intervals.entries_per_day IS
    'Entries that are new to that listing in a day, over 28 days';
COMMENT ON COLUMN poll_intervals.last_poll IS 'How the last poll ended, as in polls';
COMMENT ON COLUMN poll_intervals.listings IS
    'Listings that were asked for in the last 28 days: one that is not among them was added since';
