-- Grain: one version of one topic's definition.
CREATE TABLE IF NOT EXISTS topics (
    topic_id        VARCHAR,
    topic_version   INTEGER,
    name            VARCHAR,
    aliases         VARCHAR[],
    exclude         VARCHAR[],
    case_sensitive  BOOLEAN,
    languages       VARCHAR[],
    definition_hash VARCHAR,
    valid_from      TIMESTAMPTZ,
    valid_to        TIMESTAMPTZ
);

COMMENT ON TABLE topics IS
    'What is counted. A changed definition is a new version, and all history is counted again; mentions are those of the versions without an end.';
COMMENT ON COLUMN topics.topic_id IS 'Topic';
COMMENT ON COLUMN topics.topic_version IS 'Version of the definition, from 1';
COMMENT ON COLUMN topics.name IS 'Name for people';
COMMENT ON COLUMN topics.aliases IS 'Phrases that count; one ending in * matches as a prefix';
COMMENT ON COLUMN topics.exclude IS 'Phrases in which an alias does not count';
COMMENT ON COLUMN topics.case_sensitive IS 'Whether upper and lower case differ';
COMMENT ON COLUMN topics.languages IS
    'Languages whose articles it counts among, in numerator and denominator, given or inferred from the scripts of its phrases; NULL for all';
COMMENT ON COLUMN topics.definition_hash IS 'SHA-256 of all that decides what counts';
COMMENT ON COLUMN topics.valid_from IS 'When this version was first loaded (UTC)';
COMMENT ON COLUMN topics.valid_to IS 'When it was replaced or removed (UTC); NULL while it counts';
