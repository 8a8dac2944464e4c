-- Grain: one series and period of a selection: sum over sum of the source-days that were collected; with a
-- balance the mean of that over groups of sources.
-- Filled in by warehouse/questions/series.py and search_texts.py.
WITH days AS (
    FROM {days}
    -- A snapshot of 0.1 lacks these columns, days of all articles the second.
    UNION ALL BY NAME
    SELECT NULL::DOUBLE AS estimated_published, NULL::BIGINT AS articles_other_languages
    WHERE false
),
by_source AS (
    SELECT topic_id, {part} AS part, {balance_group} AS balance_group, d.source_id,
           {period} AS period, max(day) + 1 AS period_end,
           sum({hits}) AS hits, sum({articles}) AS articles,
           -- The variance of hits beyond chance; days vary independently. Days weigh by all their
           -- articles, including copies, as in share_variance of topic_weekly.
           any_value(variation) * pow(sum({hits}), 2) * sum(d.articles * d.articles)
               / nullif(pow(sum(d.articles), 2), 0) AS excess,
           -- A missing day has no count of articles, but its loss may be known.
           sum(coalesce(d.articles, 0) + coalesce(articles_other_languages, 0))
               FILTER (estimated_published IS NOT NULL) AS collected,
           sum(estimated_published) AS estimated_published,
           sum(d.articles_other_languages) AS articles_other_languages,
           count(d.articles) AS days_collected, count(estimated_published) AS days_estimated,
           count(*) AS days
    FROM days AS d
    LEFT JOIN {dispersion} USING (topic_id, source_id)
    WHERE {where}
    GROUP BY topic_id, part, balance_group, d.source_id, {period}
),
by_group AS (
    SELECT topic_id, part, period, balance_group, max(period_end) AS period_end, sum(hits) AS hits,
           sum(articles) AS articles, sum(excess) AS excess, sum(collected) AS collected,
           sum(estimated_published) AS estimated_published,
           sum(articles_other_languages) AS articles_other_languages,
           sum(days_collected) AS days_collected, sum(days_estimated) AS days_estimated,
           sum(days) AS days
    FROM by_source
    GROUP BY ALL
)
SELECT topic_id, part, greatest(period, {first_day}) AS period, max(period_end) AS period_end,
       sum(hits)::BIGINT AS hits, sum(articles)::BIGINT AS articles, {share} AS share,
       {excess} AS excess, {effective_articles} AS effective_articles,
       sum(collected)::BIGINT AS collected, sum(estimated_published) AS estimated_published,
       sum(articles_other_languages)::BIGINT AS articles_other_languages,
       sum(days_collected)::BIGINT AS days_collected, sum(days_estimated)::BIGINT AS days_estimated,
       sum(days)::BIGINT AS days
FROM by_group
GROUP BY ALL
ORDER BY topic_id, part, period
