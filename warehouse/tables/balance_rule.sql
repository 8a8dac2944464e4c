-- Grain: one rule, that of this installation.
CREATE TABLE IF NOT EXISTS balance_rule (
    balance VARCHAR
);

COMMENT ON TABLE balance_rule IS
    'Which groups of sources weigh alike in balanced_index; from the settings, as of the last load.';
COMMENT ON COLUMN balance_rule.balance IS 'none, country or collection (PRESSWATCH_BALANCE)';
