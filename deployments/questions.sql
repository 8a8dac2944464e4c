-- Ten questions that an analyst asks, each with how to read its answer.
--   presswatch sql --file FILE        answers one of them, copied into a file of its own
--   duckdb data/warehouse/current/news.duckdb < deployments/questions.sql        answers all
-- A share is articles with a mention divided by all articles. For longer periods and several papers
-- divide sum by sum. NULL means that nothing is known, never that nothing was written.
-- interval_95: other days with the same attention would give a share in it in 95 of 100 cases; it is
-- that of the desk. An event brings several articles at once: that widens it by `variation`.
-- audited: how many of the articles are about the topic, according to people who read a sample
-- (presswatch audit).

-- 1. How often does each topic come up?
-- One row a topic. `articles` is how many articles the share rests on: under a hundred or so, a few
-- more or fewer change it much.
WITH by_source AS (
    SELECT topic_id, sum(articles_with_mention) AS hits, sum(articles) AS articles,
           any_value(variation) * sum(pow(articles, 2)) / nullif(pow(sum(articles), 2), 0) AS variance
    FROM topic_daily
    LEFT JOIN topic_dispersion USING (topic_id, source_id)
    GROUP BY topic_id, source_id
)
SELECT topic_id, sum(hits) AS hits, sum(articles) AS articles,
       round(sum(hits) / nullif(sum(articles), 0), 3) AS share,
       share_interval(sum(hits), sum(articles), sum(variance * pow(hits, 2)) / pow(sum(hits), 2))
           AS interval_95, audited
FROM by_source
JOIN topic_audits USING (topic_id)
GROUP BY ALL
ORDER BY share DESC;

-- 2. Is it more than it was?
-- Week by week, all papers together. `collected` is the part of the papers' days that was collected:
-- where it is well under 1, another mix of papers can look like a change.
SELECT topic_id, period AS week, sum(articles_with_mention) AS hits,
       round(sum(articles_with_mention) / nullif(sum(articles), 0), 3) AS share,
       share_interval(sum(articles_with_mention), sum(articles),
                      sum(share_variance * pow(articles_with_mention, 2))
                      / pow(sum(articles_with_mention), 2)) AS interval_95,
       round(1 - sum(days_missing) / sum(days_observed + days_partial + days_missing), 2) AS collected
FROM topic_weekly
GROUP BY ALL
ORDER BY topic_id, week;

-- 3. Which papers write about it most?
-- Papers differ in how much they publish, so compare shares, not hits.
SELECT topic_id, name, sum(articles_with_mention) AS hits, sum(d.articles) AS articles,
       round(sum(articles_with_mention) / nullif(sum(d.articles), 0), 3) AS share,
       share_interval(sum(articles_with_mention), sum(d.articles),
                      any_value(variation) * sum(pow(d.articles, 2)) / pow(sum(d.articles), 2))
           AS interval_95
FROM topic_daily AS d
JOIN sources USING (source_id)
LEFT JOIN topic_dispersion USING (topic_id, source_id)
GROUP BY ALL
HAVING sum(d.articles) > 0
ORDER BY topic_id, share DESC;

-- 4. Does the headline say it, or is it said in passing?
-- Of the articles that mention a topic, those with it in the headline: near 1 the articles are about
-- it, near 0 they only touch it. interval_95 is by chance alone.
SELECT topic_id, count(DISTINCT article_id) AS articles,
       count(DISTINCT article_id) FILTER (field = 'headline') AS in_the_headline,
       round(in_the_headline / articles, 2) AS part,
       share_interval(in_the_headline, articles, 0) AS interval_95
FROM mentions
SEMI JOIN articles USING (article_id, version_no)
GROUP BY topic_id
ORDER BY part DESC;

-- 5. What exactly was said?
-- The latest mentions with their context. Read some before you believe a count.
SELECT published_date, source_id, headline,
       context_left || '[' || matched_text || ']' || context_right AS context, audited
FROM mentions
JOIN articles USING (article_id, version_no)
JOIN topic_audits USING (topic_id)
ORDER BY published_at DESC NULLS LAST, article_id, char_start
LIMIT 20;

-- 6. Which words make the count?
-- One row an alias. An alias with many hits and few articles may be a name that recurs in one text.
SELECT topic_id, alias, count(*) AS mentions, count(DISTINCT article_id) AS articles, audited
FROM mentions
SEMI JOIN articles USING (article_id, version_no)
JOIN topic_audits USING (topic_id)
GROUP BY ALL
ORDER BY topic_id, mentions DESC;

-- 7. Which topics come up together?
-- `lift` is how many times as often as by chance: 1 is chance, 2 twice that. It is more than chance
-- where `by_chance` is below interval_95, that of the second topic's part of the first one's articles,
-- by chance alone.
WITH hits AS (
    SELECT DISTINCT topic_id, article_id FROM mentions
    SEMI JOIN articles USING (article_id, version_no)
),
topic AS (SELECT topic_id, count(*) AS articles FROM hits GROUP BY topic_id)
SELECT one.topic_id AS first_topic, other.topic_id AS second_topic, count(*) AS articles_with_both,
       round(count(*) * (SELECT count(*) FROM articles)
             / any_value(a.articles * b.articles), 2) AS lift,
       share_interval(count(*), any_value(a.articles), 0) AS interval_95,
       round(any_value(b.articles) / (SELECT count(*) FROM articles), 3) AS by_chance
FROM hits AS one
JOIN hits AS other ON other.article_id = one.article_id AND other.topic_id > one.topic_id
JOIN topic AS a ON a.topic_id = one.topic_id
JOIN topic AS b ON b.topic_id = other.topic_id
GROUP BY ALL
ORDER BY articles_with_both DESC;

-- 8. Can I trust a low number?
-- Days of each paper by state. On `missing` days nothing is known; on `partial` ones pages are
-- missing. `observed` days without a mention are true zeros.
SELECT name, count(*) FILTER (state = 'observed') AS observed,
       count(*) FILTER (state = 'partial') AS partial,
       count(*) FILTER (state = 'missing') AS missing, max(day) FILTER (state <> 'missing') AS latest
FROM coverage
JOIN sources USING (source_id)
GROUP BY name
ORDER BY missing DESC;

-- 9. How much of it is one text printed many times?
-- The share with and without copies of a text. Where they differ much, a news agency wrote it.
WITH by_source AS (
    SELECT topic_id, sum(articles_with_mention) AS hits, sum(articles) AS articles,
           sum(articles_with_mention_original) AS originals, sum(articles_original) AS of_originals,
           any_value(variation) * sum(pow(articles, 2)) / nullif(pow(sum(articles), 2), 0) AS variance
    FROM topic_daily
    LEFT JOIN topic_dispersion USING (topic_id, source_id)
    GROUP BY topic_id, source_id
)
SELECT topic_id, round(sum(hits) / nullif(sum(articles), 0), 3) AS share,
       round(sum(originals) / nullif(sum(of_originals), 0), 3) AS share_without_copies,
       share_interval(sum(originals), sum(of_originals),
                      sum(variance * pow(originals, 2)) / pow(sum(originals), 2)) AS interval_95,
       sum(hits) - sum(originals) AS copies
FROM by_source
GROUP BY topic_id
ORDER BY copies DESC;

-- 10. Who writes of a word that is no topic yet?
-- Any words in the texts, as a regular expression; a frequent one may be worth a topic. It reads the
-- texts themselves, so limit the days if you can. `state` shows whether the day was collected.
SELECT published_date, source_id, context_left, matched_text, context_right, state
FROM text_contexts('(?i)\b(harbou?r|port|hafen)\b|港')
JOIN coverage USING (source_id)
WHERE published_date >= '2026-01-01' AND day = published_date
ORDER BY published_date DESC, article_id, hit_no
LIMIT 50;
