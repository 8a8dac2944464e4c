-- Grain: one Parquet file of one run.
CREATE TABLE files (
    run_id VARCHAR,
    layer  VARCHAR,
    path   VARCHAR,
    rows   BIGINT,
    bytes  BIGINT,
    sha256 VARCHAR
);

COMMENT ON TABLE files IS
    'The Parquet files that the warehouse was loaded from.';
COMMENT ON COLUMN files.run_id IS 'Run that wrote it';
COMMENT ON COLUMN files.layer IS 'articles, captures or stripped_blocks';
COMMENT ON COLUMN files.path IS 'Path below the data folder';
COMMENT ON COLUMN files.rows IS 'Rows';
COMMENT ON COLUMN files.bytes IS 'Size';
COMMENT ON COLUMN files.sha256 IS 'SHA-256 of the file';
