-- Grain: one version (one state of the text) of one article.
CREATE TABLE IF NOT EXISTS article_versions (
    article_id           UUID,
    version_no           INTEGER,
    source_id            VARCHAR,
    url_requested        VARCHAR,
    url_final            VARCHAR,
    url_canonical        VARCHAR,
    kicker               VARCHAR,
    headline             VARCHAR,
    standfirst           VARCHAR,
    byline               VARCHAR,
    authors              VARCHAR[],
    dateline             VARCHAR,
    captions             VARCHAR[],
    section              VARCHAR,
    word_count           INTEGER,
    body_chars           INTEGER,
    language             VARCHAR,
    language_source      VARCHAR,
    published_at         TIMESTAMPTZ,
    published_at_raw     VARCHAR,
    published_has_time   BOOLEAN,
    published_source     VARCHAR,
    published_date       DATE,
    modified_at          TIMESTAMPTZ,
    first_seen_at        TIMESTAMPTZ,
    fetched_at           TIMESTAMPTZ,
    access               VARCHAR,
    is_truncated         BOOLEAN,
    doubt                VARCHAR,
    prompt_chars_removed INTEGER,
    body_sha256          VARCHAR,
    page_sha256          VARCHAR,
    body_key             UBIGINT,
    rights               STRUCT(notice VARCHAR, tdm_reservation VARCHAR),
    raw_ref              VARCHAR,
    extractor_version    VARCHAR,
    run_id               VARCHAR,
    capture_id           UUID
);

COMMENT ON TABLE article_versions IS
    'Every version of every article, also of those whose page has moved (moved_articles). A version is made only when the headline, standfirst or body changed, an undated text got its date, or a source took an article over that a backfill had given to archive-<domain>.';
COMMENT ON COLUMN article_versions.article_id IS 'UUID of the canonical URL';
COMMENT ON COLUMN article_versions.version_no IS
    'Number of this state of the text, from 1, in the order in which they were loaded';
COMMENT ON COLUMN article_versions.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN article_versions.url_requested IS 'URL asked for';
COMMENT ON COLUMN article_versions.url_final IS 'URL after redirects';
COMMENT ON COLUMN article_versions.url_canonical IS
    'URL the article is known by, within its own registrable domain';
COMMENT ON COLUMN article_versions.kicker IS 'Short line above the headline';
COMMENT ON COLUMN article_versions.headline IS 'Headline';
COMMENT ON COLUMN article_versions.standfirst IS 'Summary between headline and body';
COMMENT ON COLUMN article_versions.byline IS 'Author line as printed';
COMMENT ON COLUMN article_versions.authors IS 'Names of the authors';
COMMENT ON COLUMN article_versions.dateline IS 'Place, and date, that open the text';
COMMENT ON COLUMN article_versions.captions IS 'Captions of pictures, in the page''s order';
COMMENT ON COLUMN article_versions.section IS 'Section that the page names';
COMMENT ON COLUMN article_versions.word_count IS 'Words of the body';
COMMENT ON COLUMN article_versions.body_chars IS
    'Code points of the body, which itself is in the Parquet files only';
COMMENT ON COLUMN article_versions.language IS 'Language code of the text';
COMMENT ON COLUMN article_versions.language_source IS
    'What named the language: page, text, source or none';
COMMENT ON COLUMN article_versions.published_at IS
    'Time of publication (UTC); NULL where the page does not say';
COMMENT ON COLUMN article_versions.published_at_raw IS 'Time of publication as printed';
COMMENT ON COLUMN article_versions.published_has_time IS
    'Whether published_at has a time of day, or was read from a date alone; NULL where undated, and for pages read before there was this column, of which published_at_raw tells';
COMMENT ON COLUMN article_versions.published_source IS
    'What named the time of publication: jsonld, meta, page, url, feed, given or none';
COMMENT ON COLUMN article_versions.published_date IS
    'UTC day of publication; undated articles stay out of time series';
COMMENT ON COLUMN article_versions.modified_at IS 'Time of the last change, as the page says (UTC)';
COMMENT ON COLUMN article_versions.first_seen_at IS 'Time of the article''s first capture (UTC)';
COMMENT ON COLUMN article_versions.fetched_at IS 'Time of this version''s capture (UTC)';
COMMENT ON COLUMN article_versions.access IS 'free, metered, paywalled or unknown';
COMMENT ON COLUMN article_versions.is_truncated IS
    'Whether only a part of the article was delivered';
COMMENT ON COLUMN article_versions.doubt IS
    'Why the page may list articles rather than be one; NULL where nothing says so, and for pages read before there was this column';
COMMENT ON COLUMN article_versions.prompt_chars_removed IS
    'Code points of prompts that were stripped from the page';
COMMENT ON COLUMN article_versions.body_sha256 IS
    'SHA-256 of headline, standfirst and body: the same value is no other version';
COMMENT ON COLUMN article_versions.page_sha256 IS
    'The same of what the page alone gives, where texts that recur on the source''s pages were taken out of it; else NULL. One that repeats the version before is no other version';
COMMENT ON COLUMN article_versions.body_key IS
    '64 bits of the MD5 of the body alone: equal for copies under other headlines';
COMMENT ON COLUMN article_versions.rights IS
    'Copyright notice and text-mining reservation of the page';
COMMENT ON COLUMN article_versions.raw_ref IS
    'WARC file and offset of the response the text was taken from';
COMMENT ON COLUMN article_versions.extractor_version IS 'Version of the extraction rules';
COMMENT ON COLUMN article_versions.run_id IS 'Run that loaded this version';
COMMENT ON COLUMN article_versions.capture_id IS 'Capture the text was taken from';
