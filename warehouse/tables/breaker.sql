-- Grain: one rule, that of this installation.
CREATE TABLE IF NOT EXISTS breaker (
    opens_after   INTEGER,
    first_pause   INTERVAL,
    longest_pause INTERVAL
);

COMMENT ON TABLE breaker IS
    'From when on, and for how long, runs skip a source that fails; from the settings, as of the last load.';
COMMENT ON COLUMN breaker.opens_after IS 'Failures in a row from which on it is skipped';
COMMENT ON COLUMN breaker.first_pause IS
    'How long it is skipped at first; each further failure doubles that';
COMMENT ON COLUMN breaker.longest_pause IS 'How long at most';
