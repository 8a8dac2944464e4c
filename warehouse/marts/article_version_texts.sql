-- Grain: one version of one article, with its text, read from the Parquet files on demand.
-- warehouse/build/article_texts_view.py inserts the live files of the layer: those of the macro article_files.
CREATE OR REPLACE VIEW article_version_texts AS
SELECT article_id, version_no, source_id, published_date, headline, body
FROM {articles} AS parquet;

COMMENT ON VIEW article_version_texts IS
    'The text of every version. Bodies are not in this file but in the Parquet files of the data folder; after that was moved, say SET VARIABLE presswatch_data = ''/new/place'', or let presswatch recount note the new place.';
COMMENT ON COLUMN article_version_texts.article_id IS 'Article, as in articles';
COMMENT ON COLUMN article_version_texts.version_no IS 'Version, as in article_versions';
COMMENT ON COLUMN article_version_texts.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN article_version_texts.published_date IS
    'UTC day of publication, NULL where this version gives none; a condition on it saves reading the other days'' files';
COMMENT ON COLUMN article_version_texts.headline IS 'Headline';
COMMENT ON COLUMN article_version_texts.body IS 'Text of the article, paragraphs joined by a blank line';
