-- Grain: one topic and period, as the last vintage up to a UTC day has it.
CREATE OR REPLACE MACRO attention_index_as_of{local}(asked) AS TABLE
SELECT *
FROM attention_index{local}
WHERE as_of = (SELECT max(as_of) FROM attention_index{local} WHERE as_of <= asked::DATE);

COMMENT ON MACRO TABLE attention_index_as_of{local} IS
    'The attention index as it was on a UTC day: FROM attention_index_as_of{local}(''2026-10-31'')';
