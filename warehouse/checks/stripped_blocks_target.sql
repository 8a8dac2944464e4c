-- Holds: a stripped block comes from a known capture and points to the version that capture shows.
SELECT block.capture_id, block.article_id, block.version_no, block.kind
FROM added_stripped_blocks AS block
LEFT JOIN added_captures AS captured USING (capture_id)
WHERE captured.capture_id IS NULL
   OR block.version_no IS DISTINCT FROM captured.version_no
   OR (captured.article_id IS NOT NULL
       AND block.article_id IS DISTINCT FROM captured.article_id)
