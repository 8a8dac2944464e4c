-- Grain: one article, as its version with the latest fetched_at shows it.
-- Brings the articles of `touched` up to date, then `duplicate_of` wherever that may change it, and
-- leaves in `changed_articles` where they all were counted and where they are now.
CREATE OR REPLACE TEMP TABLE articles_before AS
SELECT article_id, source_id, published_date FROM articles SEMI JOIN touched USING (article_id);

MERGE INTO articles USING (
    SELECT every_version.* EXCLUDE (first_seen_at, page_sha256),
           min(first_seen_at) OVER article AS first_seen_at,
           count(*) OVER article AS versions
    FROM article_versions AS every_version
    SEMI JOIN touched USING (article_id)
    WINDOW article AS (PARTITION BY article_id)
    QUALIFY row_number() OVER (
        PARTITION BY article_id ORDER BY fetched_at DESC, version_no DESC) = 1
) AS latest ON articles.article_id = latest.article_id
WHEN MATCHED THEN UPDATE BY NAME
WHEN NOT MATCHED THEN INSERT BY NAME;

-- Two texts are the same when their bodies are equal, or when they appeared at most seven days apart and
-- their simhashes differ in at most three of 64 bits; texts under 40 words are never compared.
-- Of texts that are the same, all but the earliest (published, else fetched) are copies.
CREATE OR REPLACE TEMP VIEW texts AS
SELECT article_id, coalesce(published_at, fetched_at) AS moment, body_key, simhash,
       date_diff('day', DATE '1970-01-01', (moment AT TIME ZONE 'UTC')::DATE) // 7 AS week
FROM articles
WHERE word_count >= 40;

-- Three differing bits leave one of four 16-bit bands equal; seven days reach the next week only.
CREATE OR REPLACE TEMP MACRO near(ids) AS TABLE
SELECT DISTINCT one.article_id, other.article_id AS other_id
FROM (
    SELECT texts.*, band, week + shift AS other_week, (simhash >> (16 * band)) & 65535 AS bits
    FROM texts
    SEMI JOIN query_table(ids) USING (article_id)
    CROSS JOIN (VALUES (0), (1), (2), (3)) AS bands (band)
    CROSS JOIN (VALUES (-1), (0), (1)) AS shifts (shift)
) AS one
JOIN (
    SELECT texts.*, band, (simhash >> (16 * band)) & 65535 AS bits
    FROM texts
    CROSS JOIN (VALUES (0), (1), (2), (3)) AS bands (band)
) AS other ON other.band = one.band AND other.bits = one.bits AND other.week = one.other_week
WHERE other.article_id <> one.article_id
  AND bit_count(xor(other.simhash, one.simhash)) <= 3
  AND abs(date_diff('second', other.moment, one.moment)) <= 7 * 86400;

CREATE OR REPLACE TEMP TABLE affected AS
SELECT article_id FROM touched
UNION
SELECT article_id FROM articles WHERE duplicate_of IN (SELECT article_id FROM touched)
UNION
SELECT article_id FROM texts WHERE body_key IN (
    SELECT body_key FROM texts SEMI JOIN touched USING (article_id))
UNION
SELECT other_id FROM near('touched');

CREATE OR REPLACE TEMP TABLE changed_copies AS
SELECT affected.article_id, earliest.first_id
FROM affected
JOIN articles USING (article_id)
LEFT JOIN (
    SELECT pair.article_id,
           first(pair.other_id ORDER BY other.moment, other.article_id) AS first_id
    FROM (
        SELECT * FROM near('affected')
        UNION ALL
        SELECT article_id, first_id
        FROM texts
        SEMI JOIN affected USING (article_id)
        JOIN (
            SELECT body_key, first(article_id ORDER BY moment, article_id) AS first_id
            FROM texts GROUP BY body_key HAVING count(*) > 1
        ) AS equal_texts USING (body_key)
    ) AS pair
    JOIN texts AS me ON me.article_id = pair.article_id
    JOIN texts AS other ON other.article_id = pair.other_id
    WHERE (other.moment, other.article_id) < (me.moment, me.article_id)
    GROUP BY pair.article_id
) AS earliest USING (article_id)
WHERE articles.duplicate_of IS DISTINCT FROM earliest.first_id;

UPDATE articles
SET duplicate_of = first_id
FROM changed_copies
WHERE articles.article_id = changed_copies.article_id;

CREATE OR REPLACE TEMP TABLE changed_articles AS
SELECT * FROM articles_before
UNION
SELECT article_id, source_id, published_date
FROM articles
SEMI JOIN (FROM touched UNION SELECT article_id FROM changed_copies) AS changed USING (article_id);
