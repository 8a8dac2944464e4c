-- Holds: a run and a source whose listings it requested are one poll, which counts each listing as read or unread.
SELECT run_id, source_id, polls, asked, listings_read
FROM (
    SELECT run_id, source_id, count(*) AS polls,
           bool_and(len(listings) BETWEEN listings_read AND listings_read + len(unread)) AS adds_up,
           any_value(listings_read) AS listings_read
    FROM added_polls
    GROUP BY run_id, source_id
)
FULL JOIN (
    SELECT run_id, source_id, count(DISTINCT url_requested) AS asked
    FROM run_captures
    WHERE kind = 'listing' AND outcome <> 'left_for_later'
      AND found_in IS DISTINCT FROM 'recovery'
    GROUP BY run_id, source_id
) USING (run_id, source_id)
WHERE polls IS DISTINCT FROM 1 OR asked IS NULL OR NOT adds_up
