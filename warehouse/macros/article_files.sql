-- Grain: one list, of the Parquet files of articles that count.
-- warehouse/build/article_texts_view.py inserts their names, one per line: a pattern would also match files that
-- compaction has replaced, and fail when one of them is removed during a query.
CREATE OR REPLACE MACRO article_files() AS
string_split(
    substr(
        replace({paths}, chr(10),
                chr(10) || coalesce(getvariable('presswatch_data'), {root}) || '/'),
        2),
    chr(10));

COMMENT ON MACRO article_files IS
    'Paths of the Parquet files with the texts of articles, for read_parquet(article_files()); after the data folder was moved see article_version_texts.';
