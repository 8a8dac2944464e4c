-- Grain: one month of articles in which a topic was counted again under another definition.
CREATE TABLE IF NOT EXISTS topic_changes (
    topic_id        VARCHAR,
    old_version     INTEGER,
    new_version     INTEGER,
    period          DATE,
    articles_before BIGINT,
    articles_after  BIGINT,
    mentions_before BIGINT,
    mentions_after  BIGINT,
    load_no         INTEGER,
    changed_at      TIMESTAMPTZ
);

COMMENT ON TABLE topic_changes IS
    'What a changed definition of a topic changed: both versions counted over the same articles, all that were there at the load that changed it, in their latest versions. Months in which neither finds anything have no row.';
COMMENT ON COLUMN topic_changes.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN topic_changes.old_version IS 'Version of the definition that counted until then';
COMMENT ON COLUMN topic_changes.new_version IS 'Version that has counted since';
COMMENT ON COLUMN topic_changes.period IS
    'First UTC day of the month of publication; NULL for undated articles';
COMMENT ON COLUMN topic_changes.articles_before IS 'Articles with a mention, by the old version';
COMMENT ON COLUMN topic_changes.articles_after IS 'Articles with a mention, by the new version';
COMMENT ON COLUMN topic_changes.mentions_before IS 'Mentions by the old version';
COMMENT ON COLUMN topic_changes.mentions_after IS 'Mentions by the new version';
COMMENT ON COLUMN topic_changes.load_no IS
    'Load that changed it; a rebuilt warehouse still says the number of then';
COMMENT ON COLUMN topic_changes.changed_at IS 'When the new version was first seen (UTC)';
