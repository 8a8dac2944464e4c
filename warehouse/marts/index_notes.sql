-- Grain: one note on one topic's index for one kind of period, in one vintage, and on a source if it
-- was left out.
-- Key: as_of
-- Touched by: as_of FROM index_vintage
-- Touched by: as_of FROM index_notes ANTI JOIN attention_index USING (as_of)
--
-- notes_now is computed by warehouse/stats/attention_index.py, with the series.
SELECT notes_now.*, as_of
FROM notes_now
CROSS JOIN index_vintage
