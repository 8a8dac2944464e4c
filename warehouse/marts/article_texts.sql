-- Grain: one article, with the text of the version that articles shows.
CREATE OR REPLACE VIEW article_texts AS
SELECT texts.*
FROM article_version_texts AS texts
SEMI JOIN articles USING (article_id, version_no);

COMMENT ON VIEW article_texts IS
    'The text of every article once, as it was last seen; read from Parquet, see article_version_texts. Give published_date where you can.';
COMMENT ON COLUMN article_texts.article_id IS 'Article, as in articles';
COMMENT ON COLUMN article_texts.version_no IS 'Version, as in articles';
COMMENT ON COLUMN article_texts.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN article_texts.published_date IS
    'UTC day of publication, NULL where this version gives none; a condition on it saves reading the other days'' files';
COMMENT ON COLUMN article_texts.headline IS 'Headline';
COMMENT ON COLUMN article_texts.body IS 'Text of the article, paragraphs joined by a blank line';
