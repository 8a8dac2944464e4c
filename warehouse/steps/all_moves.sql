-- Grain: one article whose page has moved, and one of the articles that it became, one after the other.
-- Not among macros.sql: DuckDB makes it only where the table exists.
CREATE OR REPLACE TEMP MACRO all_moves() AS TABLE
    WITH RECURSIVE moves AS (
        SELECT article_id, moved_to FROM moved_articles
        UNION
        SELECT moves.article_id, later.moved_to
        FROM moves JOIN moved_articles AS later ON later.article_id = moves.moved_to
    )
    FROM moves;
