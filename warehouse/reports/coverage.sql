-- Grain: one source and day of the last ninety.
SELECT sources.name AS source, day, day + 1 AS day_end, state, extracted AS articles,
       failed, listings_failed
FROM coverage
JOIN sources USING (source_id)
WHERE day BETWEEN greatest($first_day, $last_day - 89) AND $last_day
ORDER BY source, day
