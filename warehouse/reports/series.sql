-- Grain: one series and period of a selection: sum over sum of the source-days that were collected.
-- Filled in by warehouse/questions/series.py.
WITH days AS (
    FROM {days}
    -- A snapshot of 0.1 lacks these columns, days of all articles the second.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS estimated_published, NULL::BIGINT AS articles_other_languages
    WHERE false
)
SELECT topic_id, {part} AS part,
       greatest(date_trunc('{unit}', day)::DATE, {first_day}) AS period,
       max(day) + 1 AS period_end,
       sum({hits})::BIGINT AS hits, sum({articles})::BIGINT AS articles,
       hits / nullif(sum({articles}), 0) AS share,
       -- A missing day has no count of articles, yet what it lost may be known.
       sum(coalesce(d.articles, 0) + coalesce(d.articles_other_languages, 0))
           FILTER (estimated_published IS NOT NULL)::BIGINT AS collected,
       sum(estimated_published) AS estimated_published,
       sum(d.articles_other_languages)::BIGINT AS articles_other_languages,
       count(d.articles) AS days_collected, count(*) AS days
FROM days AS d
WHERE {where}
GROUP BY topic_id, part, date_trunc('{unit}', day)
ORDER BY topic_id, part, period
