-- Holds: no article is dated long after it was first seen.
SELECT article_id, version_no, published_at, fetched_at
FROM added_article_versions
WHERE published_at > fetched_at + INTERVAL 3 DAY
