-- Grain: one note on one topic's index for one kind of period, in one vintage, and on a source if that
-- was left out.
-- Key: as_of
-- Touched by: as_of FROM index_vintage{local}
-- Touched by: as_of FROM index_notes{local} ANTI JOIN attention_index{local} USING (as_of)
--
-- notes_now{local} is computed by warehouse/stats/attention_index.py, with the series.
SELECT notes_now{local}.*, as_of
FROM notes_now{local}
CROSS JOIN index_vintage{local}
