-- Grain: one source and {clock} day, over the source's calendar.
CREATE TABLE IF NOT EXISTS coverage{local} (
    source_id       VARCHAR,
    day             DATE,
    discovered      BIGINT,
    listed          BIGINT,
    fetched         BIGINT,
    extracted       BIGINT,
    truncated       BIGINT,
    archived        BIGINT,
    failed          BIGINT,
    undated         BIGINT,
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

COMMENT ON TABLE coverage{local} IS
    'What was collected of a source on a day: zero mentions and not collected are different things. Undated articles count on no day, and speak against the day of their page. By {clock} day.';
COMMENT ON COLUMN coverage{local}.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN coverage{local}.day IS '{clock_day}';
COMMENT ON COLUMN coverage{local}.discovered IS 'Different URLs of pages of this day that were asked for';
COMMENT ON COLUMN coverage{local}.listed IS
    'Pages of this day that listings named, with those that were left for later';
COMMENT ON COLUMN coverage{local}.fetched IS 'Of those discovered, the ones that came';
COMMENT ON COLUMN coverage{local}.extracted IS
    'Articles collected that were published on this day';
COMMENT ON COLUMN coverage{local}.truncated IS 'Of these, the ones delivered in part';
COMMENT ON COLUMN coverage{local}.archived IS
    'Of the articles collected, those that are known from archives alone: the Wayback Machine, WARC files of others, saved files of days before polled_from of source_calendars{local} or of a source that was never polled';
COMMENT ON COLUMN coverage{local}.failed IS
    'URLs of this day that gave no article though one may be there (pages.is_lost), and pages that were gone (pages.is_gone) where they are three or more, and more than two thirds of those listed';
COMMENT ON COLUMN coverage{local}.undated IS
    'Articles of pages of this day (the day that a listing gives, else that of the first attempt) for which no date could be found: they count on no day';
COMMENT ON COLUMN coverage{local}.listings_read IS
    'Feeds, sitemaps and section pages read on this day, or found unchanged';
COMMENT ON COLUMN coverage{local}.listings_failed IS
    'Those that were asked for on this day and never read';
COMMENT ON COLUMN coverage{local}.hours_read IS
    'Hours of the day that the reads of its listings cover: of the feed that covers least; without feeds of the sitemap that covers most; without sitemaps of the section page that covers least. A day of 23 or 25 hours is scaled to 24. Before polled_from of source_calendars{local}, 24 for a day of which an earlier version collected articles, and of a source that was never polled for one with saved files. 24, too, where all pages were asked for that a sitemap of the past names for the day, and none of them is lost or undated without a day of its own';
COMMENT ON COLUMN coverage{local}.is_spanned IS
    'Whether the day has no article and no listing was read on it, but a later read covers all of it';
COMMENT ON COLUMN coverage{local}.estimated_lost IS
    'Articles that came and went in its feeds unseen, as estimated in listing_reads; NULL without a gap between reads';
COMMENT ON COLUMN coverage{local}.estimated_published IS
    'Articles collected, also undated ones, pages lost and articles lost as estimated; NULL where a part of the day was not read and nothing tells what was in it, and where all articles are from archives';
COMMENT ON COLUMN coverage{local}.completeness IS
    'extracted / estimated_published, 1 for a true zero; NULL where that is';
COMMENT ON COLUMN coverage{local}.reasons IS
    'What speaks against the day: no_listing_read (nothing of it was read), listing_rolled_over (a listing was replaced between two reads), partly_read (a part of it was not read, or not yet), pages_lost (failed), articles_undated (undated), listings_failed (and not read later as far back), archived_only (all articles are from archives or saved files, and what those lack is unknown), below_expected_low; above_expected_high warns only';
COMMENT ON COLUMN coverage{local}.state IS
    'observed; partial, for any reason that does not only warn; missing, without a dated article and with no_listing_read, pages_lost or articles_undated';
