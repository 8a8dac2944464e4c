-- Grain: one topic and period, as the last vintage up to a UTC day has it.
CREATE OR REPLACE MACRO attention_index_as_of(asked) AS TABLE
SELECT *
FROM attention_index
WHERE as_of = (SELECT max(as_of) FROM attention_index WHERE as_of <= asked::DATE);

COMMENT ON MACRO TABLE attention_index_as_of IS
    'The attention index as it was on a UTC day: FROM attention_index_as_of(''2026-10-31'')';
