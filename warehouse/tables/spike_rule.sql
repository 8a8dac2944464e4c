-- Grain: one rule, that of this installation.
CREATE TABLE IF NOT EXISTS spike_rule (
    false_alarms_per_year DOUBLE
);

COMMENT ON TABLE spike_rule IS
    'How many days are found to be spikes that are none; from the settings, as of the last load.';
COMMENT ON COLUMN spike_rule.false_alarms_per_year IS
    'False alarms a topic and year that are allowed: a higher rate finds more spikes';
