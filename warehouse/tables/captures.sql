-- Grain: one attempt at one URL, with exactly one outcome.
CREATE TABLE IF NOT EXISTS captures (
    capture_id          UUID,
    run_id              VARCHAR,
    source_id           VARCHAR,
    kind                VARCHAR,
    url_requested       VARCHAR,
    url_final           VARCHAR,
    found_in            VARCHAR,
    outcome             VARCHAR,
    detail              VARCHAR,
    attempted_at        TIMESTAMPTZ,
    seconds             DOUBLE,
    http_status         INTEGER,
    content_type        VARCHAR,
    etag                VARCHAR,
    last_modified       VARCHAR,
    payload_bytes       BIGINT,
    payload_sha256      VARCHAR,
    entry_headline      VARCHAR,
    entry_published_raw VARCHAR,
    entry_published_at  TIMESTAMPTZ,
    given_url           VARCHAR,
    raw_ref             VARCHAR,
    article_id          UUID,
    version_no          INTEGER,
    listing             STRUCT(kind VARCHAR, entries INTEGER, known INTEGER, added INTEGER,
                               is_continued BOOLEAN, oldest_at TIMESTAMPTZ, newest_at TIMESTAMPTZ,
                               window_from TIMESTAMPTZ, window_entries INTEGER,
                               previous_read_at TIMESTAMPTZ, most_entries INTEGER,
                               longest_window DOUBLE, before_window INTEGER, feed_share DOUBLE),
    prose_words         INTEGER,
    published_ahead_at  TIMESTAMPTZ,
    obtained_from       VARCHAR,
    url_keys            VARCHAR[],
    url_hash            UBIGINT
);

COMMENT ON TABLE captures IS
    'Everything that was asked for, and how it ended.';
COMMENT ON COLUMN captures.capture_id IS 'Capture';
COMMENT ON COLUMN captures.run_id IS 'Run that made it';
COMMENT ON COLUMN captures.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN captures.kind IS 'robots, listing, page, file, or index: an archive''s list of pages';
COMMENT ON COLUMN captures.url_requested IS 'URL asked for';
COMMENT ON COLUMN captures.url_final IS 'URL after redirects';
COMMENT ON COLUMN captures.found_in IS
    'Listing, or glob, that named the URL; recheck for a known page asked for again, recovery for a sitemap that was read because a feed had lost entries';
COMMENT ON COLUMN captures.outcome IS 'How it ended, as in outcomes';
COMMENT ON COLUMN captures.detail IS 'More about the outcome';
COMMENT ON COLUMN captures.attempted_at IS
    'Time of the attempt (UTC); of a saved file, its given time; of an archived page, when the archive captured it';
COMMENT ON COLUMN captures.seconds IS 'How long it took';
COMMENT ON COLUMN captures.http_status IS 'Last HTTP status';
COMMENT ON COLUMN captures.content_type IS 'Content type as declared';
COMMENT ON COLUMN captures.etag IS 'ETag; of a saved file, its fingerprint';
COMMENT ON COLUMN captures.last_modified IS 'Last-Modified as sent';
COMMENT ON COLUMN captures.payload_bytes IS 'Size after decoding';
COMMENT ON COLUMN captures.payload_sha256 IS 'SHA-256 of the payload';
COMMENT ON COLUMN captures.entry_headline IS 'Headline in the listing';
COMMENT ON COLUMN captures.entry_published_raw IS 'Publication time as the listing prints it';
COMMENT ON COLUMN captures.entry_published_at IS 'Publication time in the listing (UTC)';
COMMENT ON COLUMN captures.given_url IS 'URL that FILE.meta.json gives';
COMMENT ON COLUMN captures.raw_ref IS 'WARC file and offset';
COMMENT ON COLUMN captures.article_id IS 'Article the page gave';
COMMENT ON COLUMN captures.version_no IS 'Version of the article that the page shows';
COMMENT ON COLUMN captures.listing IS
    'Of a listing that was read: what it named, as in listing_reads';
COMMENT ON COLUMN captures.prose_words IS
    'Words in sentences of a page that was rejected: from 200 on it may be an article';
COMMENT ON COLUMN captures.published_ahead_at IS
    'Publication time (UTC) stated more than 48 hours ahead: the article is undated, and rechecked then';
COMMENT ON COLUMN captures.obtained_from IS
    'source; source_archive, the source too, by its sitemaps of the past; wayback, a capture of the Wayback Machine; warc, a WARC file of others; file, a saved file';
COMMENT ON COLUMN captures.url_keys IS 'Folded URLs under which the page is known';
COMMENT ON COLUMN captures.url_hash IS
    'Hash of url_requested: other captures of a URL are found faster by it';
