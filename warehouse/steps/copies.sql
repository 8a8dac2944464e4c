-- Grain: one article of `waiting` whose duplicate_of and cluster_id are decided. One of several rounds:
-- the earliest articles of `waiting` are decided, and those that depend on them wait for a later round,
-- until none waits. Articles whose duplicate_of has changed are added to changed_articles.
--
-- Two texts are the same when their bodies are equal, or when they appeared at most seven days apart,
-- at least 70 % of the shingles of the shorter are in the other, and their Jaccard similarity is at
-- least .3. In order of time (of publication, else of the capture), a text that is the same as earlier
-- originals is a copy of the earliest of them; any other is an original. So a copy is always compared
-- with its original, never with another copy, and the result does not depend on the order of loading.
CREATE OR REPLACE TEMP TABLE earliest AS
FROM waiting ORDER BY moment, article_id LIMIT 20_000;

DELETE FROM waiting WHERE article_id IN (SELECT article_id FROM earliest);

CREATE OR REPLACE TEMP TABLE deciding AS
SELECT earliest.*, version_no, body_key, word_count, was, was_settled
FROM earliest
JOIN (
    SELECT rowid AS place, version_no, body_key, word_count, duplicate_of AS was,
           cluster_id IS NOT NULL AS was_settled
    FROM articles
    WHERE rowid IN (SELECT place FROM earliest)
) AS shown USING (place);

SET VARIABLE since = (SELECT min(moment) - INTERVAL 7 DAY FROM deciding);
SET VARIABLE until = (SELECT max(moment) + INTERVAL 7 DAY FROM deciding);

CREATE OR REPLACE TEMP TABLE similar_texts AS
WITH mine AS (
    SELECT text_sketches.*
    FROM text_sketches
    JOIN deciding USING (article_id, version_no, moment)
    WHERE text_sketches.moment BETWEEN getvariable('since') AND getvariable('until')
), candidates AS (
    SELECT DISTINCT one.article_id, other.place
    FROM (SELECT article_id, unnest(minhash_bands) AS band FROM mine) AS one
    JOIN (
        SELECT rowid AS place, unnest(minhash_bands) AS band
        FROM text_sketches
        WHERE moment BETWEEN getvariable('since') AND getvariable('until')
    ) AS other USING (band)
), measured AS (
    SELECT one.article_id, one.moment, other.article_id AS other_id, other.version_no,
           other.moment AS other_moment, one.shingles, other.shingles AS other_shingles,
           1 - bit_count(xor(one.minhash, other.minhash)) / 256 AS jaccard
    FROM candidates
    JOIN mine AS one USING (article_id)
    JOIN text_sketches AS other ON other.rowid = candidates.place
    WHERE one.article_id <> other.article_id
      AND abs(date_diff('second', one.moment, other.moment)) <= 7 * 86400
      AND is_nearly_same(jaccard, one.shingles, other.shingles)
)
SELECT measured.article_id, measured.moment, other_id, other_moment,
       articles.duplicate_of IS NULL AS is_original
FROM measured
JOIN (
    SELECT article_id, version_no, duplicate_of
    FROM articles
    WHERE rowid IN (
        SELECT articles.rowid
        FROM articles SEMI JOIN measured ON articles.article_id = other_id)
) AS articles
    ON articles.article_id = other_id AND articles.version_no = measured.version_no;

CREATE OR REPLACE TEMP TABLE equal_texts AS
SELECT articles.article_id, coalesce(published_at, fetched_at) AS moment, body_key,
       duplicate_of IS NULL AS is_original
FROM articles
WHERE word_count >= 40
  AND rowid IN (
      SELECT articles.rowid
      FROM articles
      SEMI JOIN (FROM deciding WHERE word_count >= 40) AS mine USING (body_key));

CREATE OR REPLACE TEMP TABLE decided AS
SELECT deciding.*, same.first_id AS now
FROM deciding
LEFT JOIN (
    SELECT article_id, arg_min(first_id, (first_moment, first_id)) AS first_id
    FROM (
        SELECT article_id, moment, other_id AS first_id, other_moment AS first_moment
        FROM similar_texts
        WHERE is_original
        UNION ALL
        SELECT deciding.article_id, deciding.moment, first.place.article_id, first.place.moment
        FROM deciding
        JOIN (
            SELECT body_key, min({'moment': moment, 'article_id': article_id}) AS place
            FROM equal_texts
            WHERE is_original
            GROUP BY body_key
        ) AS first USING (body_key)
        WHERE word_count >= 40
    )
    WHERE (first_moment, first_id) < (moment, article_id)
    GROUP BY article_id
) AS same USING (article_id);

INSERT INTO changed_articles BY NAME
SELECT article_id, source_id, published_date, published_local_date, versions
FROM articles
WHERE rowid IN (SELECT place FROM decided WHERE was IS DISTINCT FROM now)
  AND article_id NOT IN (SELECT article_id FROM changed_articles);

UPDATE articles
SET duplicate_of = now, cluster_id = coalesce(now, decided.article_id)
FROM decided
WHERE articles.rowid = decided.place
  AND (was IS DISTINCT FROM now OR NOT was_settled);

-- Touched: later texts that are the same as a new or changed original, and copies of an article that is
-- no longer an original.
CREATE OR REPLACE TEMP TABLE doubtful AS
SELECT other_id AS article_id
FROM similar_texts
JOIN decided USING (article_id)
WHERE now IS NULL AND (other_moment, other_id) > (decided.moment, article_id)
  AND (was IS NOT NULL OR is_touched AND other_id NOT IN (SELECT article_id FROM deciding))
UNION
SELECT equal_texts.article_id
FROM equal_texts
JOIN decided USING (body_key)
WHERE now IS NULL AND (equal_texts.moment, equal_texts.article_id) > (decided.moment, decided.article_id)
  AND (was IS NOT NULL
       OR is_touched AND equal_texts.article_id NOT IN (SELECT article_id FROM deciding))
UNION
SELECT copy.article_id
FROM decided AS copy
JOIN decided AS original ON copy.now = original.article_id
WHERE original.now IS NOT NULL
UNION
SELECT articles.article_id
FROM articles
JOIN (FROM decided WHERE now IS NOT NULL AND was_settled) AS original
    ON articles.duplicate_of = original.article_id;

INSERT INTO waiting
SELECT rowid, article_id, coalesce(published_at, fetched_at), false
FROM articles
SEMI JOIN doubtful USING (article_id)
ANTI JOIN waiting USING (article_id);
