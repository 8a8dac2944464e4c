-- Grain: one run, source, kind of attempt and outcome.
CREATE OR REPLACE VIEW ledger AS
SELECT run_id, source_id, kind, outcome, count(*) AS attempts, sum(seconds) AS seconds,
       sum(payload_bytes)::BIGINT AS payload_bytes
FROM captures
GROUP BY ALL;

COMMENT ON VIEW ledger IS
    'How many attempts ended how.';
COMMENT ON COLUMN ledger.run_id IS 'Run';
COMMENT ON COLUMN ledger.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN ledger.kind IS 'robots, listing, page or file';
COMMENT ON COLUMN ledger.outcome IS 'Outcome, as in outcomes';
COMMENT ON COLUMN ledger.attempts IS 'Attempts';
COMMENT ON COLUMN ledger.seconds IS 'Seconds they took, together';
COMMENT ON COLUMN ledger.payload_bytes IS 'Bytes after decoding, together';
