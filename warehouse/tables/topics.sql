-- Grain: one version of one topic's definition.
CREATE TABLE IF NOT EXISTS topics (
    topic_id         VARCHAR,
    topic_version    INTEGER,
    name             VARCHAR,
    aliases          VARCHAR[],
    exclude          VARCHAR[],
    case_sensitive   BOOLEAN,
    fold_diacritics  BOOLEAN,
    all_of           VARCHAR[][],
    none_of          VARCHAR[],
    within           VARCHAR,
    within_words     INTEGER,
    context_exclude  VARCHAR[],
    sections_exclude VARCHAR[],
    languages        VARCHAR[],
    definition_hash  VARCHAR,
    rules            INTEGER,
    valid_from       TIMESTAMPTZ,
    valid_to         TIMESTAMPTZ
);

COMMENT ON TABLE topics IS
    'What is counted. A changed definition is a new version, and all history is counted again; mentions are those of the versions without an end.';
COMMENT ON COLUMN topics.topic_id IS 'Topic';
COMMENT ON COLUMN topics.topic_version IS 'Version of the definition, from 1';
COMMENT ON COLUMN topics.name IS
    'Name for people; with the id in brackets where another topic has the same name';
COMMENT ON COLUMN topics.aliases IS 'Phrases that count; a * before or behind one is the rest of its word. None where all_of has them';
COMMENT ON COLUMN topics.exclude IS 'Phrases in which an alias does not count';
COMMENT ON COLUMN topics.case_sensitive IS 'Whether upper and lower case differ';
COMMENT ON COLUMN topics.fold_diacritics IS
    'Whether letters with and without diacritics are the same (São Paulo, Sao Paulo)';
COMMENT ON COLUMN topics.all_of IS
    'Groups of phrases, as in aliases: they count where one of each group stands within the same stretch';
COMMENT ON COLUMN topics.none_of IS 'Phrases that stop them counting in a stretch';
COMMENT ON COLUMN topics.within IS
    'The stretch: sentence, paragraph, article, or words; NULL where there are aliases';
COMMENT ON COLUMN topics.within_words IS 'Of words: how many in a row';
COMMENT ON COLUMN topics.context_exclude IS 'Phrases in whose sentences nothing counts';
COMMENT ON COLUMN topics.sections_exclude IS
    'Sections in whose articles nothing counts; one ending in * is a prefix';
COMMENT ON COLUMN topics.languages IS
    'Languages whose articles it counts among, in numerator and denominator, given or inferred from the scripts of its phrases; NULL for all';
COMMENT ON COLUMN topics.definition_hash IS 'SHA-256 of all that decides what counts';
COMMENT ON COLUMN topics.rules IS
    'Version of the matching rules by which it is counted: since 2 kickers are. A changed definition, or presswatch recount, takes the latest';
COMMENT ON COLUMN topics.valid_from IS 'When this version was first loaded (UTC)';
COMMENT ON COLUMN topics.valid_to IS 'When it was replaced or removed (UTC); NULL while it counts';
