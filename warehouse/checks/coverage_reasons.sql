-- Holds: a day's reasons are known ones, and agree with its counts and its state.
SELECT source_id, day, extracted, failed, listings_read, listings_failed, is_spanned, reasons, state
FROM coverage
LEFT JOIN sources USING (source_id)
WHERE NOT coalesce(
      list_contains(reasons, 'no_listing_read')
          = (extracted = 0 AND listings_read = 0 AND NOT is_spanned)
  AND list_contains(reasons, 'pages_lost') = (failed > 0)
  AND list_contains(reasons, 'listings_failed') = (listings_failed > 0)
  AND list_contains(reasons, 'below_expected_low') = coalesce(extracted < expected_low, false)
  AND list_contains(reasons, 'above_expected_high') = coalesce(extracted > expected_high, false)
  AND list_has_all(['no_listing_read', 'pages_lost', 'listings_failed', 'below_expected_low',
                    'above_expected_high'], reasons)
  AND (state = 'missing')
          = (extracted = 0 AND list_has_any(reasons, ['no_listing_read', 'pages_lost']))
  AND (state = 'observed')
          = (len(list_filter(reasons, lambda reason: reason <> 'above_expected_high')) = 0), false)
