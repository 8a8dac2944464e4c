-- Grain: one source and run that asked for its listings.
CREATE TABLE IF NOT EXISTS polls (
    run_id          VARCHAR,
    source_id       VARCHAR,
    sequence        INTEGER,
    polled_at       TIMESTAMPTZ,
    listings        VARCHAR[],
    listings_read   BIGINT,
    unread          VARCHAR[],
    pages_to_retry  BIGINT,
    run_answers     BIGINT,
    ended           VARCHAR,
    failed_at       TIMESTAMPTZ,
    failure_outcome VARCHAR,
    failure_detail  VARCHAR
);

COMMENT ON TABLE polls IS
    'Which runs requested the listings of a source, and whether they could read them.';
COMMENT ON COLUMN polls.run_id IS 'Run';
COMMENT ON COLUMN polls.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN polls.sequence IS 'Place of the run in the order of runs, as in runs';
COMMENT ON COLUMN polls.polled_at IS 'Time of the last attempt at a listing (UTC)';
COMMENT ON COLUMN polls.listings IS 'Listings asked for';
COMMENT ON COLUMN polls.listings_read IS 'How many of them were read, or found unchanged';
COMMENT ON COLUMN polls.unread IS 'Those that could not be read';
COMMENT ON COLUMN polls.pages_to_retry IS
    'Pages of the source that a later run asks for again: left by this one, or without an answer';
COMMENT ON COLUMN polls.run_answers IS 'Attempts of the whole run, for any source, that a host answered';
COMMENT ON COLUMN polls.ended IS
    'read: at least one listing; failed: none; fell_silent: listings were read, but the last five pages asked for got no answer; cut_off: none, nor did any host answer the run, or those before it since a host last answered one, though together they asked for three or more sources, most of which were read in their last run that any host answered: the fault is on this side';
COMMENT ON COLUMN polls.failed_at IS
    'Time of the last attempt without success (UTC); NULL when all listings were read and the pages answered';
COMMENT ON COLUMN polls.failure_outcome IS
    'How it failed, as in outcomes: at the first listing that could not be read; of a source that fell silent, at the last page';
COMMENT ON COLUMN polls.failure_detail IS 'More about that attempt';
