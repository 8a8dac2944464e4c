-- Grain: one file of the layer of audits.
CREATE TABLE IF NOT EXISTS audit_files (
    path    VARCHAR,
    content VARCHAR
);

COMMENT ON TABLE audit_files IS
    'The files that the tables of audits were read from, so that repair can write one again.';
COMMENT ON COLUMN audit_files.path IS 'Path below the data folder';
COMMENT ON COLUMN audit_files.content IS 'Its text, a JSON document';
