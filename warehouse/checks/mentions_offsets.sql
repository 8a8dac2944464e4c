-- Holds: a mention lies within its field, is as long as its match, and has one row. Phrases of two
-- groups of all_of may begin at the same place.
SELECT article_id, version_no, topic_id, field, char_start, char_end, matched_text
FROM touched_mentions
WHERE char_start IS NULL OR char_start < 0 OR char_end <= char_start OR sentence_no < 0
   OR paragraph_no < 0
   OR length(matched_text) <> char_end - char_start
   OR field NOT IN ('kicker', 'headline', 'standfirst', 'body', 'caption')
UNION ALL
SELECT article_id, version_no, topic_id, field, char_start, char_end, matched_text
FROM touched_mentions
JOIN touched_article_versions USING (article_id, version_no)
WHERE field = 'body' AND char_end > body_chars
UNION ALL
SELECT article_id, version_no, topic_id, field, char_start, max(char_end), any_value(matched_text)
FROM touched_mentions
GROUP BY article_id, version_no, topic_id, field, char_start, alias
HAVING count(*) > 1
