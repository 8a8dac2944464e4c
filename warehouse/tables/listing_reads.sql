-- Grain: one read of one listing.
CREATE TABLE IF NOT EXISTS listing_reads (
    capture_id           UUID,
    run_id               VARCHAR,
    source_id            VARCHAR,
    listing              VARCHAR,
    kind                 VARCHAR,
    read_at              TIMESTAMPTZ,
    previous_read_at     TIMESTAMPTZ,
    hours_since_previous DOUBLE,
    entries              INTEGER,
    known_entries        INTEGER,
    added_entries        INTEGER,
    oldest_entry_at      TIMESTAMPTZ,
    newest_entry_at      TIMESTAMPTZ,
    window_from          TIMESTAMPTZ,
    window_entries       INTEGER,
    feed_share           DOUBLE,
    is_complete          BOOLEAN,
    is_continued         BOOLEAN,
    rolled_over          BOOLEAN,
    covers_from          TIMESTAMPTZ,
    covers_until         TIMESTAMPTZ,
    estimated_lost       DOUBLE,
    lost_by_day          STRUCT(day DATE, entries DOUBLE)[]
);

COMMENT ON TABLE listing_reads IS
    'What each read of a feed, sitemap or section page named, and the time of which it names all that was published. Reads of versions before 0.2 have no counts.';
COMMENT ON COLUMN listing_reads.capture_id IS 'Capture of the read';
COMMENT ON COLUMN listing_reads.run_id IS 'Run that read it';
COMMENT ON COLUMN listing_reads.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN listing_reads.listing IS 'URL of the listing, as requested';
COMMENT ON COLUMN listing_reads.kind IS 'feed, jsonfeed, sitemap or section';
COMMENT ON COLUMN listing_reads.read_at IS 'Time of the read (UTC)';
COMMENT ON COLUMN listing_reads.previous_read_at IS
    'Time of the read before it (UTC); NULL for the first';
COMMENT ON COLUMN listing_reads.hours_since_previous IS 'Hours between the two';
COMMENT ON COLUMN listing_reads.entries IS 'Entries, each URL once';
COMMENT ON COLUMN listing_reads.known_entries IS
    'Of these, the ones that earlier runs collected, that the previous read named, or that another listing of the run named before';
COMMENT ON COLUMN listing_reads.added_entries IS
    'Entries that the previous read did not name; NULL without one';
COMMENT ON COLUMN listing_reads.oldest_entry_at IS
    'Oldest publication time of its entries, as it dates them (UTC)';
COMMENT ON COLUMN listing_reads.newest_entry_at IS 'Newest publication time of its entries (UTC)';
COMMENT ON COLUMN listing_reads.window_from IS
    'What was published since then is listed (UTC): the oldest entry. Not counted are up to a fifth of the entries, the oldest, up to a twentieth of a sitemap, where they stand apart by three times the longest pause of the others, since feeds pin old stories; what is older than a pause of five weeks; and after a roll-over what is older than the previous read. NULL with fewer than five dated entries';
COMMENT ON COLUMN listing_reads.window_entries IS 'Entries published since window_from';
COMMENT ON COLUMN listing_reads.feed_share IS
    'Of a sitemap: the share that it names of the entries of the feeds in this run that were published since window_from';
COMMENT ON COLUMN listing_reads.is_complete IS
    'Whether a sitemap has room left: it names fewer entries than nine tenths of the most in thirty days, so that entries leave it by age alone, and the newest have not left it younger than it reaches back';
COMMENT ON COLUMN listing_reads.is_continued IS
    'Whether nothing that was published since the previous read can have left it: it names the newest entry of that read, in a feed not as a pinned story, or most of the five newest, or, without dates and order, most of all, or is complete and reached back so far before. A read without entries is not';
COMMENT ON COLUMN listing_reads.rolled_over IS
    'Whether it had entries before and does not name the newest of them any more: others may have come and gone between';
COMMENT ON COLUMN listing_reads.covers_from IS
    'All that was published from then until covers_until was listed (UTC). Later than previous_read_at: a gap, which a sitemap read within three days may close';
COMMENT ON COLUMN listing_reads.covers_until IS 'The time of the read (UTC)';
COMMENT ON COLUMN listing_reads.estimated_lost IS
    'Entries that came and went in the gap before covers_from: the rate of the listing by hour of the week times the gap, less the entries known from it. NULL without a gap';
COMMENT ON COLUMN listing_reads.lost_by_day IS 'estimated_lost by UTC day';
