-- Grain: one commit and one Parquet file that holds rows of it.
CREATE TABLE IF NOT EXISTS files (
    commit_id VARCHAR,
    run_id    VARCHAR,
    layer     VARCHAR,
    path      VARCHAR,
    rows      BIGINT,
    bytes     BIGINT,
    sha256    VARCHAR
);

COMMENT ON TABLE files IS
    'The Parquet files that the warehouse was loaded from.';
COMMENT ON COLUMN files.commit_id IS 'Commit that the rows came with';
COMMENT ON COLUMN files.run_id IS 'Run that brought the rows';
COMMENT ON COLUMN files.layer IS 'articles, captures or stripped_blocks';
COMMENT ON COLUMN files.path IS 'Path below the data folder; several commits have the file of a compacted day in common';
COMMENT ON COLUMN files.rows IS 'Rows of this commit';
COMMENT ON COLUMN files.bytes IS 'Size of the file';
COMMENT ON COLUMN files.sha256 IS 'SHA-256 of the file';
