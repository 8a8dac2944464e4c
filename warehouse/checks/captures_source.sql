-- Holds: every source of a capture or of an article is in sources, once.
SELECT source_id FROM added_captures ANTI JOIN sources USING (source_id)
UNION
SELECT source_id FROM touched_articles ANTI JOIN sources USING (source_id)
UNION
SELECT source_id FROM sources GROUP BY source_id HAVING count(*) > 1
