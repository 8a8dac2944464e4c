-- Holds: no article is dated long after it was first seen.
--
-- Not compared with the present time: one row written under a wrong clock would fail every later load.
SELECT article_id, version_no, published_at, fetched_at
FROM added_article_versions
WHERE published_at > fetched_at + INTERVAL 3 DAY
