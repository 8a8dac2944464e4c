-- Holds: the versions of an article are numbered from 1 without gaps or repeats.
SELECT article_id, count(*) AS rows, count(DISTINCT version_no) AS numbers,
       min(version_no) AS lowest, max(version_no) AS highest
FROM touched_article_versions
GROUP BY article_id
HAVING count(*) <> count(DISTINCT version_no) OR min(version_no) <> 1 OR max(version_no) <> count(*)
