-- Holds: a copy points to another existing article, which is not a copy and not later.
SELECT copy.article_id, copy.duplicate_of, copy.published_at, original.published_at AS earlier
FROM (FROM touched_articles UNION FROM touched_copies) AS copy
LEFT JOIN touched_originals AS original ON original.article_id = copy.duplicate_of
WHERE copy.duplicate_of IS NOT NULL
  AND (original.article_id IS NULL OR original.article_id = copy.article_id
       OR original.duplicate_of IS NOT NULL
       OR coalesce(original.published_at, original.fetched_at)
          > coalesce(copy.published_at, copy.fetched_at))
