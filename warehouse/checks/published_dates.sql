-- Holds: published_date is the UTC day of published_at, and an undated article has neither.
SELECT article_id, version_no, published_at, published_date
FROM added_article_versions
WHERE published_date IS DISTINCT FROM (published_at AT TIME ZONE 'UTC')::DATE
