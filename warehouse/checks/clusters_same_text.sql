-- Holds: a copy has nearly the text of its original, both of 40 words or more.
SELECT copy.article_id, copy.duplicate_of, copy.word_count, original.word_count AS words_of_original
FROM touched_articles AS copy
JOIN articles AS original
    ON original.article_id = copy.duplicate_of AND original.article_id <> copy.article_id
LEFT JOIN text_sketches AS one
    ON one.article_id = copy.article_id AND one.version_no = copy.version_no
LEFT JOIN text_sketches AS other
    ON other.article_id = original.article_id AND other.version_no = original.version_no
WHERE coalesce(1 - bit_count(xor(one.minhash, other.minhash)) / 256 < 0.3, true)
