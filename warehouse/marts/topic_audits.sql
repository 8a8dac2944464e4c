-- Grain: one topic that is counted.
CREATE OR REPLACE VIEW topic_audits AS
WITH last AS (
    SELECT topic_id, max_by(audit_id, drawn_at) AS audit_id
    FROM audits
    WHERE kind = 'precision' AND yes + no > 0
    GROUP BY topic_id
)
SELECT topics.topic_id, audits.audit_id, audits.topic_version,
       yes + no AS judged, unsure,
       share_yes AS precision, low AS precision_low, high AS precision_high,
       coalesce(
           'audited n = ' || (yes + no)
           || ', precision ' || replace(replace(
               format('{:.2f} ({:.2f} to {:.2f})', share_yes, low, high), '0.', '.'), '1.00', '1')
           || CASE WHEN unsure > 0 THEN ', ' || unsure || ' unsure' ELSE '' END
           -- A definition that was changed and changed back has another version.
           || CASE WHEN (judged.definition_hash, judged.rules)
                        IS DISTINCT FROM (topics.definition_hash, topics.rules)
                   THEN ', of definition ' || audits.topic_version ELSE '' END,
           'not audited') AS audited
FROM topics
LEFT JOIN last ON last.topic_id = topics.topic_id
LEFT JOIN audits ON audits.audit_id = last.audit_id
LEFT JOIN topics AS judged
    ON judged.topic_id = audits.topic_id AND judged.topic_version = audits.topic_version
WHERE topics.valid_to IS NULL;

COMMENT ON VIEW topic_audits IS
    'How many of each topic''s articles are about it, as its last audit found: what a share says in words alone.';
COMMENT ON COLUMN topic_audits.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN topic_audits.audit_id IS 'Its last audit with a verdict, as in audits; NULL without one';
COMMENT ON COLUMN topic_audits.topic_version IS 'Version of the definition that was judged';
COMMENT ON COLUMN topic_audits.judged IS 'Articles with a yes or a no';
COMMENT ON COLUMN topic_audits.unsure IS 'Articles of which readers are unsure, or on which they differ';
COMMENT ON COLUMN topic_audits.precision IS 'Weighted share of yes among yes and no';
COMMENT ON COLUMN topic_audits.precision_low IS 'Lower end of its 95 % interval';
COMMENT ON COLUMN topic_audits.precision_high IS 'Upper end of its 95 % interval';
COMMENT ON COLUMN topic_audits.audited IS 'The same in words, or: not audited';
