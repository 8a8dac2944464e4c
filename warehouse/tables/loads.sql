-- Grain: one load of the warehouse.
CREATE TABLE IF NOT EXISTS loads (
    load_no        INTEGER,
    loaded_at      TIMESTAMPTZ,
    run_ids        VARCHAR[],
    recounted      VARCHAR[],
    sql_hash       VARCHAR,
    schema_version INTEGER
);

COMMENT ON TABLE loads IS
    'When this file was changed, and by what. Snapshots bear the number of their last load.';
COMMENT ON COLUMN loads.load_no IS 'Number of the load';
COMMENT ON COLUMN loads.loaded_at IS 'When (UTC)';
COMMENT ON COLUMN loads.run_ids IS 'Runs that were loaded';
COMMENT ON COLUMN loads.recounted IS 'Topics that were counted again over all history';
COMMENT ON COLUMN loads.sql_hash IS
    'SHA-256 of the SQL that defines the relations, comments included';
COMMENT ON COLUMN loads.schema_version IS
    'Version of the tables and marts; a file of another version is made again from Parquet';
