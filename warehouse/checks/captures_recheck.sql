-- Holds: only pages are asked for again after their first sight, and of pages only these can have
-- been found unmodified, but for those of archives, whose crawlers asked again.
SELECT capture_id, kind, found_in, outcome
FROM added_captures
WHERE (found_in = 'recheck' AND kind <> 'page')
   OR (outcome = 'not_modified' AND kind IN ('page', 'file') AND found_in <> 'recheck'
       AND run_id NOT IN (SELECT run_id FROM runs WHERE flow = 'backfill'))
