-- Grain: one source and UTC day, over the source's calendar.
CREATE TABLE IF NOT EXISTS coverage (
    source_id       VARCHAR,
    day             DATE,
    discovered      BIGINT,
    listed          BIGINT,
    fetched         BIGINT,
    extracted       BIGINT,
    truncated       BIGINT,
    failed          BIGINT,
    listings_read   BIGINT,
    listings_failed BIGINT,
    hours_read      DOUBLE,
    is_spanned      BOOLEAN,
    estimated_lost  DOUBLE,
    estimated_published DOUBLE,
    completeness    DOUBLE,
    reasons         VARCHAR[],
    state           VARCHAR
);

COMMENT ON TABLE coverage IS
    'What was collected of a source on a day: zero mentions and not collected are different things. Undated articles stay out.';
COMMENT ON COLUMN coverage.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN coverage.day IS 'UTC day';
COMMENT ON COLUMN coverage.discovered IS 'Different URLs of pages of this day that were asked for';
COMMENT ON COLUMN coverage.listed IS
    'Pages of this day that listings named, with those that were left for later';
COMMENT ON COLUMN coverage.fetched IS 'Of those discovered, the ones that came';
COMMENT ON COLUMN coverage.extracted IS
    'Articles collected that were published on this day';
COMMENT ON COLUMN coverage.truncated IS 'Of these, the ones delivered in part';
COMMENT ON COLUMN coverage.failed IS
    'URLs of this day that gave no article though one may be there';
COMMENT ON COLUMN coverage.listings_read IS
    'Feeds, sitemaps and section pages read on this day, or found unchanged';
COMMENT ON COLUMN coverage.listings_failed IS
    'Those that were asked for on this day and never read';
COMMENT ON COLUMN coverage.hours_read IS
    'Hours of the day that the reads of its listings cover: of the feed that covers least; without feeds of the sitemap that covers most; without sitemaps of the section page that covers least. 24 for a day with articles before polled_from of source_calendars';
COMMENT ON COLUMN coverage.is_spanned IS
    'Whether the day has no article and no listing was read on it, but a later read covers all of it';
COMMENT ON COLUMN coverage.estimated_lost IS
    'Articles that came and went in its feeds unseen, as estimated in listing_reads; NULL without a gap between reads';
COMMENT ON COLUMN coverage.estimated_published IS
    'Articles collected, pages lost and articles lost as estimated; NULL where a part of the day was not read and nothing tells what was in it';
COMMENT ON COLUMN coverage.completeness IS
    'extracted / estimated_published, 1 for a true zero; NULL where that is';
COMMENT ON COLUMN coverage.reasons IS
    'What speaks against the day: no_listing_read (nothing of it was read), listing_rolled_over (a listing was replaced between two reads), partly_read (a part of it was not read, or not yet), pages_lost (failed), listings_failed (and not read later as far back), below_expected_low; above_expected_high warns only';
COMMENT ON COLUMN coverage.state IS
    'observed; partial, for any reason that does not only warn; missing, without an article and with no_listing_read or pages_lost';
