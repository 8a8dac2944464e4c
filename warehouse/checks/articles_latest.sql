-- Holds: articles has the version with the latest fetched_at, the date of the latest with one, and the
-- number of versions. Only one whose page has moved may have a date that none of its versions has.
SELECT article_id, shown.version_no, latest.version_no AS latest_version, shown.versions,
       shown.published_at, latest.published_at AS latest_published_at
FROM touched_articles AS shown
LEFT JOIN (
    SELECT article_id, arg_max(version_no, (fetched_at, version_no)) AS version_no,
           arg_max(published_at, (fetched_at, version_no)) FILTER (published_at IS NOT NULL)
               AS published_at,
           count(*) AS versions
    FROM touched_article_versions
    GROUP BY article_id
) AS latest USING (article_id)
WHERE shown.version_no IS DISTINCT FROM latest.version_no
   OR shown.versions IS DISTINCT FROM latest.versions
   OR shown.published_at IS DISTINCT FROM latest.published_at
      AND (latest.published_at IS NOT NULL
           OR shown.article_id NOT IN (SELECT moved_to FROM moved_articles))
