-- Grain: one outcome that an attempt can have.
CREATE TABLE IF NOT EXISTS outcomes (
    outcome       VARCHAR,
    class         VARCHAR,
    is_retryable  BOOLEAN,
    is_loss       BOOLEAN,
    is_unanswered BOOLEAN,
    meaning       VARCHAR,
    may_pass      BOOLEAN AS (is_retryable),
    -- An article may be mistaken for a section or video page, or for an error page. In practice only for
    -- section pages: the other kinds are rejected only with few words.
    doubted_from  INTEGER AS (CASE class WHEN 'no_article' THEN 200 END)
);

COMMENT ON TABLE outcomes IS
    'What the outcomes of captures mean.';
COMMENT ON COLUMN outcomes.outcome IS 'Outcome, as in captures';
COMMENT ON COLUMN outcomes.class IS 'article, listing, refused, failed, unreadable or no_article';
COMMENT ON COLUMN outcomes.is_retryable IS
    'Whether a page is asked for again, because it may be better next time';
COMMENT ON COLUMN outcomes.is_loss IS 'Whether there may be an article that was not collected; a page that was lost and is then not_found or a soft_404 stays lost (pages.is_lost)';
COMMENT ON COLUMN outcomes.is_unanswered IS
    'Whether the host did not answer; after five such pages in a row a run leaves the rest for later';
COMMENT ON COLUMN outcomes.meaning IS 'In words';
COMMENT ON COLUMN outcomes.may_pass IS 'The same as is_retryable, its name until 0.1; goes in 0.3';
COMMENT ON COLUMN outcomes.doubted_from IS
    'Words of prose from which on a page with this outcome may be an article all the same, if a listing named it; NULL for outcomes that do not judge a text';

DELETE FROM outcomes;
INSERT INTO outcomes VALUES
    ('article', 'article', false, false, false, 'A new article'),
    ('revised', 'article', false, false, false, 'A known article with another text, dated at last, or taken over from archive-<domain>'),
    ('unchanged', 'article', false, false, false, 'A known article with the same text, or cut where the whole is known'),
    ('listed', 'listing', false, false, false, 'A feed, sitemap or section page that was read'),
    ('not_modified', 'listing', false, false, false, 'Not changed since it was last read'),
    ('robots_read', 'listing', false, false, false, 'A robots.txt that was read'),
    ('robots_denied', 'refused', true, true, false, 'robots.txt does not allow it'),
    ('robots_unreachable', 'refused', true, true, false, 'robots.txt could not be read, so nothing was asked'),
    ('scheme_refused', 'refused', false, true, false, 'Neither http nor https'),
    ('address_refused', 'refused', false, true, false, 'Leads to a private or reserved address'),
    ('url_invalid', 'refused', false, true, false, 'Not a URL'),
    ('url_too_long', 'refused', false, true, false, 'A URL of more than 8,000 characters'),
    ('too_many_redirects', 'refused', false, true, false, 'Redirected too often'),
    ('left_for_later', 'refused', true, true, false, 'Left for a later run; by earlier versions, one for all pages of its day'),
    ('dns_failed', 'failed', true, true, true, 'The host name was not found'),
    ('connect_failed', 'failed', true, true, true, 'No connection'),
    ('tls_failed', 'failed', true, true, false, 'No verified connection'),
    ('timed_out', 'failed', true, true, true, 'Took too long'),
    ('broken_response', 'failed', true, true, false, 'The response broke the protocol or ended early'),
    ('too_large', 'failed', false, true, false, 'Larger than the limit'),
    ('rate_limited', 'failed', true, true, true, 'The server asks to come back later'),
    ('server_error', 'failed', true, true, true, 'The server failed'),
    ('not_found', 'failed', false, false, false, 'Nothing there, or no more'),
    ('denied', 'failed', true, true, false, 'The server refuses'),
    ('http_error', 'failed', true, true, false, 'Another HTTP status than success'),
    ('unreadable_file', 'failed', false, true, false, 'A saved file that could not be read'),
    ('lost', 'failed', true, true, false, 'Gave an article, which was damaged on the disk and could not be repaired'),
    ('listing_unreadable', 'unreadable', false, false, false, 'Not a feed, sitemap or page of links'),
    ('entities_refused', 'unreadable', false, false, false, 'XML that declares entities'),
    ('not_a_page', 'unreadable', false, false, false, 'Neither HTML nor text'),
    ('undecodable', 'unreadable', false, true, false, 'Bytes that are no text'),
    ('section_page', 'no_article', false, false, false, 'A page of links'),
    ('video_page', 'no_article', false, false, false, 'A page around a video'),
    ('consent_wall', 'no_article', false, true, false, 'A page that asks for consent first'),
    ('bot_challenge', 'no_article', false, true, false, 'A page that asks for proof of being human'),
    ('soft_404', 'no_article', false, false, false, 'A page that says it is not there'),
    ('needs_javascript', 'no_article', false, true, false, 'A page whose text is put in by JavaScript, which is not run'),
    ('empty_page', 'no_article', false, true, false, 'A page without text'),
    ('no_article', 'no_article', false, true, false, 'A page in which no article was found'),
    ('page_timed_out', 'no_article', false, true, false, 'Extraction took too long'),
    ('page_crashed', 'no_article', false, true, false, 'Extraction failed');
