-- Holds: a day's reasons are known ones, and agree with its counts and its state.
SELECT source_id, day, extracted, failed, undated, listings_read, hours_read, reasons, state
FROM coverage{local}
LEFT JOIN sources USING (source_id)
WHERE NOT coalesce(
      list_contains(reasons, 'no_listing_read') = (listings_read = 0 AND hours_read = 0)
  AND (hours_read = 24 OR list_has_any(reasons, ['no_listing_read', 'partly_read',
                                                 'listing_rolled_over']))
  AND NOT list_has_all(reasons, ['partly_read', 'listing_rolled_over'])
  AND list_contains(reasons, 'pages_lost') = (failed > 0)
  AND list_contains(reasons, 'articles_undated') = (undated > 0)
  AND (listings_failed > 0 OR NOT list_contains(reasons, 'listings_failed'))
  AND list_contains(reasons, 'archived_only') = (archived > 0 AND archived = extracted)
  AND list_contains(reasons, 'below_expected_low') = coalesce(extracted < expected_low, false)
  AND list_contains(reasons, 'above_expected_high') = coalesce(extracted > expected_high, false)
  AND list_has_all(['no_listing_read', 'listing_rolled_over', 'partly_read', 'pages_lost',
                    'articles_undated', 'listings_failed', 'archived_only', 'below_expected_low', 'above_expected_high'], reasons)
  AND (state = 'missing')
          = (extracted = 0 AND list_has_any(reasons, ['no_listing_read', 'pages_lost',
                                                      'articles_undated']))
  AND (state = 'observed')
          = (len(list_filter(reasons, lambda reason: reason <> 'above_expected_high')) = 0)
  AND coalesce(completeness BETWEEN 0 AND 1, true), false)
