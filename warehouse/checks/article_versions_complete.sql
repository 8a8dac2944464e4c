-- Holds: a version has its ids, a source, a text and the time it was fetched.
SELECT article_id, version_no, source_id, url_canonical, fetched_at, body_sha256
FROM added_article_versions
WHERE article_id IS NULL OR version_no IS NULL OR source_id IS NULL OR url_canonical IS NULL
   OR headline IS NULL OR fetched_at IS NULL OR first_seen_at > fetched_at OR body_sha256 IS NULL
   OR run_id IS NULL OR capture_id IS NULL
