-- Grain: one truth value, never NULL.
-- As counts_in of warehouse/questions/selection.py.
CREATE OR REPLACE MACRO counts_in(languages, language) AS
languages IS NULL OR language IS NULL
OR list_contains(languages, split_part(language, '-', 1))
OR (list_contains(languages, 'no') AND split_part(language, '-', 1) IN ('nb', 'nn'));

COMMENT ON MACRO counts_in IS
    'Whether a topic counts the articles in a language: counts_in(topics.languages, articles.language). By the first part of the code, so that pt-BR is pt and zh-Hant is zh; nb and nn are no. True where the article''s language is not known, and for topics of all languages.';
