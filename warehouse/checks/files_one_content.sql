-- Holds: a file has one layer, one size and one checksum, and is listed once for each commit.
SELECT path, count(*) AS parts, count(DISTINCT commit_id) AS commits, list(DISTINCT layer) AS layers,
       list(DISTINCT sha256) AS checksums
FROM added_files
GROUP BY path
HAVING count(DISTINCT layer) > 1 OR count(DISTINCT bytes) > 1 OR count(DISTINCT sha256) > 1
    OR count(*) > count(DISTINCT commit_id)
