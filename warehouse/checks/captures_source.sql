-- Holds: every source of a capture or of an article is in sources, once.
SELECT source_id FROM captures ANTI JOIN sources USING (source_id)
UNION
SELECT source_id FROM articles ANTI JOIN sources USING (source_id)
UNION
SELECT source_id FROM sources GROUP BY source_id HAVING count(*) > 1
