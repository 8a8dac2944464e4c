-- Holds: a note has a known reason, names a source unless it is on all sources, is unique, and belongs
-- to a vintage of the index.
SELECT topic_id, period_kind, source_id, as_of, reason, count(*) AS rows
FROM index_notes{local}
GROUP BY topic_id, period_kind, source_id, as_of, reason
HAVING count(*) > 1 OR reason IS NULL OR (source_id IS NULL) <> (reason = 'indexes_differ')
    OR reason NOT IN ('too_little_history', 'never_varies', 'disconnected', 'unlinked',
                      'indexes_differ')
    OR as_of NOT IN (SELECT as_of FROM attention_index{local})
