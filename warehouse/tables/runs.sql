-- Grain: one run.
CREATE TABLE IF NOT EXISTS runs (
    run_id            VARCHAR,
    sequence          INTEGER,
    flow              VARCHAR,
    started_at        TIMESTAMPTZ,
    finished_at       TIMESTAMPTZ,
    extractor_version VARCHAR,
    warcs             VARCHAR[],
    attempts          BIGINT,
    robots            BIGINT,
    listings          BIGINT,
    listings_failed   BIGINT,
    pages             BIGINT,
    articles          BIGINT,
    revised           BIGINT,
    unchanged         BIGINT,
    rejected          BIGINT
);

COMMENT ON TABLE runs IS
    'The ledger: attempts = robots + listings + pages, and pages = articles + revised + unchanged + rejected.';
COMMENT ON COLUMN runs.run_id IS 'Run; ids sort by start';
COMMENT ON COLUMN runs.sequence IS 'Place of its first commit in the order of commits';
COMMENT ON COLUMN runs.flow IS 'Flow that ran';
COMMENT ON COLUMN runs.started_at IS 'Start (UTC)';
COMMENT ON COLUMN runs.finished_at IS 'End of collecting and refining (UTC)';
COMMENT ON COLUMN runs.extractor_version IS 'Version of the extraction rules';
COMMENT ON COLUMN runs.warcs IS 'WARC files, below the data folder';
COMMENT ON COLUMN runs.attempts IS 'All attempts, as the commits of the run count them';
COMMENT ON COLUMN runs.robots IS 'Attempts at robots.txt';
COMMENT ON COLUMN runs.listings IS 'Attempts at feeds, sitemaps, section pages and the indexes of archives';
COMMENT ON COLUMN runs.listings_failed IS 'Of these, the ones that could not be read, without sitemaps that were tried to recover lost entries';
COMMENT ON COLUMN runs.pages IS 'Attempts at pages and saved files';
COMMENT ON COLUMN runs.articles IS 'Pages that gave a new article';
COMMENT ON COLUMN runs.revised IS 'Pages that gave a new version';
COMMENT ON COLUMN runs.unchanged IS 'Pages that repeated a known text';
COMMENT ON COLUMN runs.rejected IS 'Pages that gave no article; the reasons are in rejections';
