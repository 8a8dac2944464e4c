-- Grain: one commit: what a run, or a part of it, wrote to Parquet.
CREATE TABLE IF NOT EXISTS commits (
    commit_id         VARCHAR,
    run_id            VARCHAR,
    sequence          INTEGER,
    flow              VARCHAR,
    started_at        TIMESTAMPTZ,
    finished_at       TIMESTAMPTZ,
    extractor_version VARCHAR,
    warcs             VARCHAR[],
    attempts          BIGINT
);

COMMENT ON TABLE commits IS
    'What was loaded together: a run that goes on collecting loads what it has refined in several commits.';
COMMENT ON COLUMN commits.commit_id IS
    'Id of the first commit of a run is that of the run; those of the others end in _2, _3 ...';
COMMENT ON COLUMN commits.run_id IS 'Run';
COMMENT ON COLUMN commits.sequence IS 'Place in the order of commits, in which versions were numbered';
COMMENT ON COLUMN commits.flow IS 'Flow that ran';
COMMENT ON COLUMN commits.started_at IS 'Start of the run (UTC)';
COMMENT ON COLUMN commits.finished_at IS 'End of refining what the commit has (UTC)';
COMMENT ON COLUMN commits.extractor_version IS 'Version of the extraction rules';
COMMENT ON COLUMN commits.warcs IS 'WARC files, below the data folder';
COMMENT ON COLUMN commits.attempts IS 'All attempts';
