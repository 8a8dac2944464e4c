-- Grain: one outcome that an attempt can have.
CREATE TABLE outcomes (
    outcome  VARCHAR,
    class    VARCHAR,
    may_pass BOOLEAN,
    is_loss  BOOLEAN,
    meaning  VARCHAR
);

COMMENT ON TABLE outcomes IS
    'What the outcomes of captures mean.';
COMMENT ON COLUMN outcomes.outcome IS 'Outcome, as in captures';
COMMENT ON COLUMN outcomes.class IS 'article, listing, refused, failed, unreadable or no_article';
COMMENT ON COLUMN outcomes.may_pass IS
    'Whether a page is asked for again, because it may be better next time';
COMMENT ON COLUMN outcomes.is_loss IS 'Whether there may be an article that was not collected';
COMMENT ON COLUMN outcomes.meaning IS 'In words';

INSERT INTO outcomes VALUES
    ('article', 'article', false, false, 'A new article'),
    ('revised', 'article', false, false, 'A known article with another text, or dated at last'),
    ('unchanged', 'article', false, false, 'A known article with the same text, or cut where the whole is known'),
    ('listed', 'listing', false, false, 'A feed, sitemap or section page that was read'),
    ('not_modified', 'listing', false, false, 'Not changed since it was last read'),
    ('robots_read', 'listing', false, false, 'A robots.txt that was read'),
    ('robots_denied', 'refused', true, true, 'robots.txt does not allow it'),
    ('robots_unreachable', 'refused', true, true, 'robots.txt could not be read, so nothing was asked'),
    ('scheme_refused', 'refused', false, true, 'Neither http nor https'),
    ('address_refused', 'refused', false, true, 'Leads to a private or reserved address'),
    ('url_invalid', 'refused', false, true, 'Not a URL'),
    ('too_many_redirects', 'refused', false, true, 'Redirected too often'),
    ('dns_failed', 'failed', true, true, 'The host name was not found'),
    ('connect_failed', 'failed', true, true, 'No connection'),
    ('tls_failed', 'failed', true, true, 'No verified connection'),
    ('timed_out', 'failed', true, true, 'Took too long'),
    ('broken_response', 'failed', true, true, 'The response broke the protocol or ended early'),
    ('too_large', 'failed', false, true, 'Larger than the limit'),
    ('rate_limited', 'failed', true, true, 'The server asks to come back later'),
    ('server_error', 'failed', true, true, 'The server failed'),
    ('not_found', 'failed', false, false, 'Nothing there, or no more'),
    ('denied', 'failed', true, true, 'The server refuses'),
    ('http_error', 'failed', true, true, 'Another HTTP status than success'),
    ('unreadable_file', 'failed', false, true, 'A saved file that could not be read'),
    ('listing_unreadable', 'unreadable', false, false, 'Not a feed, sitemap or page of links'),
    ('entities_refused', 'unreadable', false, false, 'XML that declares entities'),
    ('not_a_page', 'unreadable', false, false, 'Neither HTML nor text'),
    ('undecodable', 'unreadable', false, true, 'Bytes that are no text'),
    ('section_page', 'no_article', false, false, 'A page of links'),
    ('video_page', 'no_article', false, false, 'A page around a video'),
    ('consent_wall', 'no_article', false, true, 'A page that asks for consent first'),
    ('bot_challenge', 'no_article', false, true, 'A page that asks for proof of being human'),
    ('soft_404', 'no_article', false, false, 'A page that says it is not there'),
    ('empty_page', 'no_article', false, true, 'A page without text'),
    ('no_article', 'no_article', false, true, 'A page in which no article was found'),
    ('page_timed_out', 'no_article', false, true, 'Extraction took too long'),
    ('page_crashed', 'no_article', false, true, 'Extraction failed');
