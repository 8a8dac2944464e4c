-- Grain: one article whose page has moved: articles has another article for it.
CREATE TABLE IF NOT EXISTS moved_articles (
    article_id UUID,
    moved_to   UUID,
    moved_at   TIMESTAMPTZ
);

COMMENT ON TABLE moved_articles IS
    'Articles whose page has moved to another URL with nearly the same text: articles, and so every count, has only the article of the new URL.';
COMMENT ON COLUMN moved_articles.article_id IS 'Article of the old URL, as in article_versions';
COMMENT ON COLUMN moved_articles.moved_to IS
    'Article of the new URL, in articles unless its page has moved in turn';
COMMENT ON COLUMN moved_articles.moved_at IS
    'Time of the capture that showed it (UTC)';
