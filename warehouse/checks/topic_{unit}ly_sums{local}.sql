-- Holds: the {unit}s of a topic and source sum up to its days, and a share is sum over sum.
SELECT topic_id, source_id, period.mentions, daily.mentions AS mentions_daily, period.articles,
       daily.articles AS articles_daily, period.days, daily.days AS days_daily
FROM (
    SELECT topic_id, source_id, sum(days_observed + days_partial + days_missing) AS days,
           sum(articles) AS articles, sum(articles_other_languages) AS other_languages,
           sum(mentions) AS mentions, sum(articles_with_mention) AS with_mention,
           sum(articles_with_mention_original) AS with_mention_original,
           sum(articles_with_mention_whole) AS with_mention_whole,
           bool_and(abs(share * articles - articles_with_mention) < 1e-6) AS fits
    FROM topic_{unit}ly{local}
    GROUP BY ALL
) AS period
FULL JOIN (
    SELECT topic_id, source_id, count(*) AS days, sum(articles) AS articles,
           sum(articles_other_languages) AS other_languages, sum(mentions) AS mentions,
           sum(articles_with_mention) AS with_mention,
           sum(articles_with_mention_original) AS with_mention_original,
           sum(articles_with_mention_whole) AS with_mention_whole
    FROM topic_daily{local}
    GROUP BY ALL
) AS daily USING (topic_id, source_id)
WHERE (period.days, period.articles, period.other_languages, period.mentions, period.with_mention,
       period.with_mention_original, period.with_mention_whole)
      IS DISTINCT FROM
      (daily.days, daily.articles, daily.other_languages, daily.mentions, daily.with_mention,
       daily.with_mention_original, daily.with_mention_whole)
   OR NOT fits
