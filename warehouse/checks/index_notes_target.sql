-- Holds: a note has a known reason and a source, is unique, and belongs to a vintage of the index.
SELECT topic_id, period_kind, source_id, as_of, any_value(reason) AS reason, count(*) AS rows
FROM index_notes
GROUP BY topic_id, period_kind, source_id, as_of
HAVING count(*) > 1 OR source_id IS NULL OR any_value(reason) IS NULL
    OR any_value(reason) NOT IN ('too_little_history', 'never_varies', 'disconnected')
    OR as_of NOT IN (SELECT as_of FROM attention_index)
