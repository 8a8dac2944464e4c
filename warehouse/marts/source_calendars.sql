-- Grain: one watched source of which a day is known.
-- Key: source_id
-- Touched by: source_id FROM changed_pages
-- Touched by: source_id FROM changed_articles
-- Touched by: source_id FROM added_captures LEFT JOIN source_calendars USING (source_id)
--     WHERE kind = 'listing' AND (utc_day(attempted_at) BETWEEN first_day AND last_day) IS NOT TRUE
SELECT source_id, min(day) AS first_day, max(day) AS last_day
FROM (
    SELECT source_id, day FROM pages
    UNION ALL
    SELECT source_id, published_date FROM articles
    UNION ALL
    SELECT source_id, utc_day(attempted_at) FROM captures WHERE kind = 'listing'
) AS known
SEMI JOIN touched USING (source_id)
SEMI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
GROUP BY source_id
HAVING first_day IS NOT NULL
