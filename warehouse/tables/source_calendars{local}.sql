-- Grain: one watched source of which a day is known.
CREATE TABLE IF NOT EXISTS source_calendars{local} (
    source_id   VARCHAR,
    first_day   DATE,
    last_day    DATE,
    polled_from DATE
);

COMMENT ON TABLE source_calendars{local} IS
    'The days that coverage{local} and topic_daily{local} have of each source. They begin where collection begins: with the first poll (if its listings are too short to show how far they reach, with the oldest day of the week before it that has a page), or with five days of articles or more in archives or sitemaps of the past (at most five weeks between two of them) or in saved files (a weekend). A source that was never polled, and has no such series, has its newest days. What lies outside, single older pages or many, is in articles alone.';
COMMENT ON COLUMN source_calendars{local}.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN source_calendars{local}.first_day IS 'First day: {clock_day}';
COMMENT ON COLUMN source_calendars{local}.last_day IS
    'Last day: of the last poll, of an article dated up to two days after it, or of archives or saved files. Of a configured source that was polled, at least the last day that had ended by the last attempt at any source: what is no longer asked is missing';
COMMENT ON COLUMN source_calendars{local}.polled_from IS
    '{clock_day}, as far back as the listings of the first poll reach: from then on days are judged by what listings named. Before it, days count as read of which a version before 0.2 collected articles, or of which a sitemap of the past was read. NULL of a source that was never polled';
