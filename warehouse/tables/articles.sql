-- Grain: one article, as its version with the latest fetched_at shows it, on the day of the last dated one.
CREATE TABLE IF NOT EXISTS articles (
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
    published_source     VARCHAR,
    published_date       DATE,
    published_precision  VARCHAR,
    published_local_date DATE,
    modified_at          TIMESTAMPTZ,
    first_seen_at        TIMESTAMPTZ,
    fetched_at           TIMESTAMPTZ,
    access               VARCHAR,
    is_truncated         BOOLEAN,
    doubt                VARCHAR,
    prompt_chars_removed INTEGER,
    body_sha256          VARCHAR,
    body_key             UBIGINT,
    rights               STRUCT(notice VARCHAR, tdm_reservation VARCHAR),
    raw_ref              VARCHAR,
    extractor_version    VARCHAR,
    run_id               VARCHAR,
    capture_id           UUID,
    versions             INTEGER,
    duplicate_of         UUID,
    cluster_id           UUID
);

COMMENT ON TABLE articles IS
    'Every article once, as it was last seen, also if its page has moved to another URL (moved_articles). Count these, not article_versions.';
COMMENT ON COLUMN articles.article_id IS 'UUID of the canonical URL';
COMMENT ON COLUMN articles.version_no IS
    'Number of the version shown here, the one with the latest fetched_at';
COMMENT ON COLUMN articles.source_id IS
    'Id of the source, as in sources: of those that list the page the one that asked for it first';
COMMENT ON COLUMN articles.url_requested IS 'URL asked for';
COMMENT ON COLUMN articles.url_final IS 'URL after redirects';
COMMENT ON COLUMN articles.url_canonical IS
    'URL the article is known by, within its own registrable domain';
COMMENT ON COLUMN articles.kicker IS 'Short line above the headline';
COMMENT ON COLUMN articles.headline IS 'Headline';
COMMENT ON COLUMN articles.standfirst IS 'Summary between headline and body';
COMMENT ON COLUMN articles.byline IS 'Author line as printed';
COMMENT ON COLUMN articles.authors IS 'Names of the authors';
COMMENT ON COLUMN articles.dateline IS 'Place, and date, that open the text';
COMMENT ON COLUMN articles.captions IS 'Captions of pictures, in the page''s order';
COMMENT ON COLUMN articles.section IS 'Section that the page names';
COMMENT ON COLUMN articles.word_count IS 'Words of the body';
COMMENT ON COLUMN articles.body_chars IS
    'Code points of the body, which itself is in the Parquet files only';
COMMENT ON COLUMN articles.language IS 'Language code of the text';
COMMENT ON COLUMN articles.language_source IS 'What named the language: page, text, source or none';
COMMENT ON COLUMN articles.published_at IS
    'Time of publication (UTC), as the latest version with a date states it, or else, if its page has moved, that by the URL before; NULL where none does';
COMMENT ON COLUMN articles.published_at_raw IS 'Time of publication as printed';
COMMENT ON COLUMN articles.published_source IS
    'What named the time of publication: jsonld, meta, page, url, feed, given or none';
COMMENT ON COLUMN articles.published_date IS
    'UTC day of published_at; undated articles stay out of time series';
COMMENT ON COLUMN articles.published_precision IS
    'How precise published_at is: second; minute; or day, where a date alone was read and it is 00:00 UTC. NULL where undated';
COMMENT ON COLUMN articles.published_local_date IS
    'Day of publication in the time zone of the source (sources.timezone; UTC where there is none), whatever offset the page prints. A page with a date and no time keeps its date';
COMMENT ON COLUMN articles.modified_at IS 'Time of the last change, as the page says (UTC)';
COMMENT ON COLUMN articles.first_seen_at IS
    'Time of the article''s first capture (UTC), by the URL before if its page has moved';
COMMENT ON COLUMN articles.fetched_at IS 'Time of this version''s capture (UTC)';
COMMENT ON COLUMN articles.access IS 'free, metered, paywalled or unknown';
COMMENT ON COLUMN articles.is_truncated IS 'Whether only a part of the article was delivered';
COMMENT ON COLUMN articles.doubt IS
    'Why the page may list articles rather than be one; NULL where nothing says so, and for pages read before there was this column';
COMMENT ON COLUMN articles.prompt_chars_removed IS
    'Code points of prompts that were stripped from the page';
COMMENT ON COLUMN articles.body_sha256 IS
    'SHA-256 of headline, standfirst and body: another value is another version';
COMMENT ON COLUMN articles.body_key IS
    '64 bits of the MD5 of the body alone: equal for copies under other headlines';
COMMENT ON COLUMN articles.rights IS 'Copyright notice and text-mining reservation of the page';
COMMENT ON COLUMN articles.raw_ref IS
    'WARC file and offset of the response the text was taken from';
COMMENT ON COLUMN articles.extractor_version IS 'Version of the extraction rules';
COMMENT ON COLUMN articles.run_id IS 'Run that loaded this version';
COMMENT ON COLUMN articles.capture_id IS 'Capture the text was taken from';
COMMENT ON COLUMN articles.versions IS 'How many versions the article has';
COMMENT ON COLUMN articles.duplicate_of IS
    'The earliest article of (nearly) the same text, where this one is not it: a syndicated copy';
COMMENT ON COLUMN articles.cluster_id IS
    'The earliest article of (nearly) the same text, itself where this one is it: articles of one text share it';
