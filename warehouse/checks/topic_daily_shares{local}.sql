-- Holds: a share lies within 0 and 1, and is there exactly when there are articles to divide by.
SELECT topic_id, source_id, day, articles_with_mention, articles, share, share_headline,
       share_original, share_whole
FROM touched_topic_daily{local}
WHERE share NOT BETWEEN 0 AND 1
   OR share_headline NOT BETWEEN 0 AND share
   OR share_original NOT BETWEEN 0 AND 1
   OR share_whole NOT BETWEEN 0 AND 1
   OR (share IS NULL) <> (coalesce(articles, 0) = 0)
   OR (share_headline IS NULL) <> (coalesce(articles, 0) = 0)
   OR (share_original IS NULL) <> (coalesce(articles_original, 0) = 0)
   OR (share_whole IS NULL) <> (coalesce(articles_whole, 0) = 0)
   OR articles_with_mention > articles
   OR articles_with_mention_original > articles_original
   OR articles_with_mention_whole > articles_whole
