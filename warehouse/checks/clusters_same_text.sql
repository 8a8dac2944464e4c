-- Holds: a copy has nearly the same text as its original, and both have at least 40 words.
WITH pairs AS MATERIALIZED (
    SELECT copy.article_id, copy.version_no, copy.word_count, copy.duplicate_of,
           coalesce(copy.published_at, copy.fetched_at) AS moment,
           original.version_no AS original_no, original.word_count AS words_of_original,
           coalesce(original.published_at, original.fetched_at) AS moment_of_original
    FROM touched_articles AS copy
    JOIN touched_originals AS original
        ON original.article_id = copy.duplicate_of AND original.article_id <> copy.article_id
),
sketches AS MATERIALIZED (
    SELECT article_id, version_no, minhash
    FROM text_sketches
    -- By rowid, and with a condition on time: reading the sketches of all articles is slow.
    WHERE rowid IN (
        SELECT text_sketches.rowid
        FROM text_sketches
        SEMI JOIN (
            SELECT moment, article_id FROM pairs
            UNION ALL
            SELECT moment_of_original, duplicate_of FROM pairs
        ) AS wanted USING (moment, article_id))
)
SELECT pairs.article_id, duplicate_of, word_count, words_of_original
FROM pairs
LEFT JOIN sketches AS one
    ON one.article_id = pairs.article_id AND one.version_no = pairs.version_no
LEFT JOIN sketches AS other
    ON other.article_id = duplicate_of AND other.version_no = original_no
WHERE coalesce(1 - bit_count(xor(one.minhash, other.minhash)) / 256 < 0.3, true)
