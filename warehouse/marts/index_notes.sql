-- Grain: one source that was left out of one topic's index for one kind of period, in one vintage.
-- Key: as_of
-- Touched by: as_of FROM index_vintage
-- Touched by: as_of FROM index_notes ANTI JOIN attention_index USING (as_of)
--
-- index_left_out is computed by warehouse/stats/attention_index.py, with the series.
SELECT index_left_out.*, as_of
FROM index_left_out
CROSS JOIN index_vintage
