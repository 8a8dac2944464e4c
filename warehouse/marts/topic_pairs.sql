-- Grain: one pair of topics and month, or the pair over all months.
CREATE OR REPLACE VIEW topic_pairs AS
WITH originals AS (
    SELECT article_id, version_no, date_trunc('month', published_date)::DATE AS month
    FROM articles
    SEMI JOIN coverage ON coverage.source_id = articles.source_id AND day = published_date
    WHERE duplicate_of IS NULL
),
found AS (
    SELECT DISTINCT topic_id, article_id, month
    FROM mentions
    JOIN originals USING (article_id, version_no)
),
months AS (
    SELECT month, count(*) AS articles FROM originals GROUP BY ROLLUP (month) HAVING count(*) > 0
),
each AS (
    SELECT topic_id, month, count(*) AS articles FROM found GROUP BY topic_id, ROLLUP (month)
),
together AS (
    SELECT one.topic_id AS topic_a, other.topic_id AS topic_b, one.month, count(*) AS articles
    FROM found AS one
    JOIN found AS other
        ON other.article_id = one.article_id AND one.topic_id < other.topic_id
    GROUP BY topic_a, topic_b, ROLLUP (one.month)
),
pairs AS (
    SELECT one.topic_id AS topic_a, other.topic_id AS topic_b
    FROM topics AS one
    JOIN topics AS other ON one.topic_id < other.topic_id
    WHERE one.valid_to IS NULL AND other.valid_to IS NULL
)
SELECT pairs.topic_a, pairs.topic_b,
       CASE WHEN months.month IS NULL THEN 'all' ELSE 'month' END AS period_kind,
       months.month AS period,
       coalesce(together.articles, 0) AS articles_both,
       coalesce(a.articles, 0) AS articles_a,
       coalesce(b.articles, 0) AS articles_b,
       months.articles AS articles,
       articles_both * months.articles / nullif(articles_a * articles_b, 0) AS lift,
       articles_both / nullif(articles_a + articles_b - articles_both, 0) AS jaccard
FROM pairs
CROSS JOIN months
LEFT JOIN each AS a
    ON a.topic_id = pairs.topic_a AND a.month IS NOT DISTINCT FROM months.month
LEFT JOIN each AS b
    ON b.topic_id = pairs.topic_b AND b.month IS NOT DISTINCT FROM months.month
LEFT JOIN together
    ON together.topic_a = pairs.topic_a AND together.topic_b = pairs.topic_b
    AND together.month IS NOT DISTINCT FROM months.month;

COMMENT ON VIEW topic_pairs IS
    'Which topics come up together in articles that are no copies, of the sources and days of coverage.';
COMMENT ON COLUMN topic_pairs.topic_a IS 'Topic, as in topics';
COMMENT ON COLUMN topic_pairs.topic_b IS 'Another topic, later in the alphabet';
COMMENT ON COLUMN topic_pairs.period_kind IS 'month, or all for all months together';
COMMENT ON COLUMN topic_pairs.period IS 'First day of the month; NULL for all';
COMMENT ON COLUMN topic_pairs.articles_both IS 'Articles in which both come up';
COMMENT ON COLUMN topic_pairs.articles_a IS 'Articles in which topic_a comes up';
COMMENT ON COLUMN topic_pairs.articles_b IS 'Articles in which topic_b comes up';
COMMENT ON COLUMN topic_pairs.articles IS 'All articles';
COMMENT ON COLUMN topic_pairs.lift IS
    'articles_both against what chance would give, articles_a * articles_b / articles; NULL where one of them never comes up';
COMMENT ON COLUMN topic_pairs.jaccard IS
    'articles_both / articles in which either comes up; NULL where neither does';
