-- Holds: a stripped block comes from a known capture and points to the version that capture shows.
SELECT stripped_blocks.capture_id, stripped_blocks.article_id, stripped_blocks.version_no,
       stripped_blocks.kind
FROM stripped_blocks
LEFT JOIN captures AS captured USING (capture_id)
WHERE captured.capture_id IS NULL
   OR stripped_blocks.version_no IS DISTINCT FROM captured.version_no
   OR (captured.article_id IS NOT NULL
       AND stripped_blocks.article_id IS DISTINCT FROM captured.article_id)
