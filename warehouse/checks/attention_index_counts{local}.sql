-- Holds: the newest vintage has the counts of topic_daily{local}, month by month, as sum over sum.
SELECT topic_id, period, latest.articles_with_mention, latest.articles, pooled_share,
       counted.articles_with_mention AS counted_with_mention, counted.articles AS counted_articles
FROM (SELECT * FROM touched_months_index{local} WHERE period_kind = 'month') AS latest
FULL JOIN (
    SELECT topic_id, date_trunc('month', day)::DATE AS period,
           sum(articles_with_mention) AS articles_with_mention, sum(articles) AS articles
    FROM touched_months_daily{local}
    GROUP BY ALL
) AS counted USING (topic_id, period)
WHERE latest.articles_with_mention IS DISTINCT FROM counted.articles_with_mention
   OR latest.articles IS DISTINCT FROM counted.articles
   OR (pooled_share IS NULL) <> (coalesce(counted.articles, 0) = 0)
   OR abs(pooled_share - counted.articles_with_mention / counted.articles) > 1e-8
