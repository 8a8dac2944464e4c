-- Grain: one source.
CREATE TABLE IF NOT EXISTS sources (
    source_id       VARCHAR,
    name            VARCHAR,
    country         VARCHAR,
    language        VARCHAR,
    timezone        VARCHAR,
    expected_low    INTEGER,
    expected_high   INTEGER,
    is_configured   BOOLEAN,
    is_watched      BOOLEAN,
    articles        BIGINT,
    first_day       DATE,
    last_day        DATE,
    last_attempt_at TIMESTAMPTZ,
    kind            VARCHAR,
    collection      VARCHAR
);

COMMENT ON TABLE sources IS
    'The sources that are or were configured, and the domains that only archives know. Those have no calendar in coverage and topic_daily: archive_daily counts them.';
COMMENT ON COLUMN sources.source_id IS 'Source, such as gb-bbc, or archive-example.com';
COMMENT ON COLUMN sources.name IS
    'Name for people; with the id in brackets where another source has the same name';
COMMENT ON COLUMN sources.country IS 'Country code, from the id; NULL for a domain that only archives know';
COMMENT ON COLUMN sources.language IS 'Language, where a page and its text leave that open';
COMMENT ON COLUMN sources.timezone IS 'Time zone of printed times without an offset, and of local days (UTC for a name that DuckDB does not know)';
COMMENT ON COLUMN sources.expected_low IS 'Articles a day below which coverage is partial';
COMMENT ON COLUMN sources.expected_high IS 'Articles a day above which something may be wrong';
COMMENT ON COLUMN sources.is_configured IS 'Whether the source is in sources.toml today';
COMMENT ON COLUMN sources.is_watched IS
    'Whether it is or was a configured source; false for domains that only archives know, which have no calendar';
COMMENT ON COLUMN sources.articles IS 'Articles so far';
COMMENT ON COLUMN sources.first_day IS 'UTC day of the earliest dated article';
COMMENT ON COLUMN sources.last_day IS 'UTC day of the latest dated article';
COMMENT ON COLUMN sources.last_attempt_at IS 'Time of the latest capture up to the load (UTC)';
COMMENT ON COLUMN sources.kind IS
    'Kind: agency, broadcaster, business, magazine, national, online, public-broadcaster, regional or tabloid; NULL where it is not given';
COMMENT ON COLUMN sources.collection IS
    'Name of the collection that the source was selected from; NULL for one of sources.toml alone';
