-- Holds: only pages are rechecked, and only rechecked pages can be unmodified, except pages of archives,
-- since their crawlers may have sent conditional requests.
SELECT capture_id, kind, found_in, outcome
FROM added_captures
WHERE (found_in = 'recheck' AND kind <> 'page')
   OR (outcome = 'not_modified' AND kind IN ('page', 'file') AND found_in <> 'recheck'
       AND run_id NOT IN (SELECT run_id FROM runs WHERE flow = 'backfill'))
