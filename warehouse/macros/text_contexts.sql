-- Grain: one hit of a regular expression in the body of one article, with 60 characters around it.
-- Splitting gives the texts between hits, extracting gives the hits; their lengths give the places,
-- so that a context shows neighbouring hits in full.
CREATE OR REPLACE MACRO text_contexts(pattern) AS TABLE
WITH found AS (
    SELECT *, regexp_split_to_array(body, pattern) AS between,
           regexp_extract_all(body, pattern) AS hits
    FROM article_texts
    WHERE regexp_matches(body, pattern)
),
hit AS (
    SELECT found.*, unnest(hits) AS matched_text, unnest(generate_series(1, len(hits))) AS hit_no
    FROM found
),
placed AS (
    SELECT hit.*, len(array_to_string(between[1:hit_no], ''))
               + coalesce(len(array_to_string(hits[1:hit_no - 1], '')), 0) AS char_start
    FROM hit
)
SELECT article_id, version_no, source_id, published_date, headline, hit_no, char_start,
       substring(body, greatest(char_start - 59, 1), least(char_start, 60)) AS context_left,
       matched_text,
       substring(body, char_start + len(matched_text) + 1, 60) AS context_right
FROM placed;

COMMENT ON MACRO TABLE text_contexts IS
    'Any words in the bodies, with 60 characters before and after: FROM text_contexts(''(?i)grain (deal|corridor)'') WHERE published_date >= ''2026-11-01''. The pattern is a regular expression (RE2), (?i) ignores case. Reads the texts, about 40,000 articles a second on two cores; a condition on published_date reads fewer.';
