-- Grain: one source and UTC day, from the first to the last day known of the source.
CREATE TABLE IF NOT EXISTS coverage (
    source_id       VARCHAR,
    day             DATE,
    discovered      BIGINT,
    fetched         BIGINT,
    extracted       BIGINT,
    truncated       BIGINT,
    failed          BIGINT,
    listings_read   BIGINT,
    listings_failed BIGINT,
    is_spanned      BOOLEAN,
    reasons         VARCHAR[],
    state           VARCHAR
);

COMMENT ON TABLE coverage IS
    'What was collected of a source on a day: zero mentions and not collected are different things. Undated articles stay out.';
COMMENT ON COLUMN coverage.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN coverage.day IS 'UTC day';
COMMENT ON COLUMN coverage.discovered IS 'Different URLs of pages of this day that were asked for';
COMMENT ON COLUMN coverage.fetched IS 'Of these, the ones that came';
COMMENT ON COLUMN coverage.extracted IS 'Articles published on this day';
COMMENT ON COLUMN coverage.truncated IS 'Of these, the ones delivered in part';
COMMENT ON COLUMN coverage.failed IS
    'URLs of this day that gave no article though one may be there';
COMMENT ON COLUMN coverage.listings_read IS
    'Feeds, sitemaps and section pages read on this day, or found unchanged';
COMMENT ON COLUMN coverage.listings_failed IS
    'Those that were asked for on this day and never read';
COMMENT ON COLUMN coverage.is_spanned IS
    'Whether the day has no article and no listing was read on it, but one read in the week after named an older page, so that it reaches back over this day';
COMMENT ON COLUMN coverage.reasons IS
    'What speaks against the day: no_listing_read (nothing was), pages_lost (failed), listings_failed, below_expected_low; above_expected_high warns only';
COMMENT ON COLUMN coverage.state IS
    'observed; partial, for any reason that does not only warn; missing, without an article and with no_listing_read or pages_lost';
