-- Grain: one page of a source: a URL that was asked for as a page, or a saved file, however often.
CREATE TABLE IF NOT EXISTS pages (
    source_id         VARCHAR,
    url_hash          UBIGINT,
    day               DATE,
    day_local         DATE,
    article_id        UUID,
    article_at        TIMESTAMPTZ,
    gave_article      BOOLEAN,
    was_read          BOOLEAN,
    is_lost           BOOLEAN,
    is_gone           BOOLEAN,
    is_undated        BOOLEAN,
    stands_for        INTEGER,
    entry_at          TIMESTAMPTZ,
    entry_published_at TIMESTAMPTZ,
    first_attempt_at  TIMESTAMPTZ,
    last_attempt_at   TIMESTAMPTZ,
    obtained_from     VARCHAR
);

COMMENT ON TABLE pages IS
    'What came of every page in the end: coverage counts these by day. Domains that only archives know are left out.';
COMMENT ON COLUMN pages.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN pages.url_hash IS 'Hash of the URL, as in captures';
COMMENT ON COLUMN pages.day IS
    'UTC day on which it counts: of its article; without one, or if that is undated, the day that a listing gives, else that of the first attempt. NULL without a date of a saved file, and of a page that is known from archives or sitemaps of the past alone';
COMMENT ON COLUMN pages.day_local IS 'The same as a day of the source''s time zone';
COMMENT ON COLUMN pages.article_id IS 'The article that the last attempt with one gave';
COMMENT ON COLUMN pages.article_at IS 'Time of that attempt (UTC)';
COMMENT ON COLUMN pages.gave_article IS 'Whether any attempt gave an article that counts for this source';
COMMENT ON COLUMN pages.was_read IS 'Whether any attempt brought a page that could be judged';
COMMENT ON COLUMN pages.is_lost IS
    'Whether the last attempt at the source leaves open that there is an article (outcomes.is_loss, rejections.is_doubtful); a page that is gone (not_found, soft_404) was lost if it was before. True, too, if the article counts for another source';
COMMENT ON COLUMN pages.is_gone IS
    'Whether the source had nothing there whenever it was asked, or led to a page of links elsewhere, though a listing named the page. Coverage counts these as failed where they are three or more, and more than two thirds of a day''s';
COMMENT ON COLUMN pages.is_undated IS
    'Whether no date could be found for its article, so that it counts on no day';
COMMENT ON COLUMN pages.stands_for IS
    'Pages: 1; where the last attempt at the source is one of an earlier version, those of its day that it left for later';
COMMENT ON COLUMN pages.entry_at IS 'Time of the last attempt with a date of a listing (UTC)';
COMMENT ON COLUMN pages.entry_published_at IS 'That date, where it can be believed (UTC)';
COMMENT ON COLUMN pages.first_attempt_at IS 'Time of the first attempt (UTC)';
COMMENT ON COLUMN pages.last_attempt_at IS 'Time of the last attempt (UTC)';
COMMENT ON COLUMN pages.obtained_from IS
    'Who its article was obtained from, as in captures; of several the first of source, source_archive, file, warc, wayback. NULL without an article';
