-- Grain: one topic, source and {period}, over the whole calendar of the source.
CREATE OR REPLACE VIEW topic_{unit}ly{local} AS
SELECT * EXCLUDE (bounds), bounds.low AS share_low, bounds.high AS share_high
FROM (
SELECT *, share_interval(articles_with_mention, articles, share_variance) AS bounds
FROM (
SELECT topic_id, source_id, country, language, date_trunc('{unit}', day)::DATE AS period,
       sum(articles_with_mention)::BIGINT AS articles_with_mention,
       sum(mentions)::BIGINT AS mentions,
       sum(articles)::BIGINT AS articles,
       sum(articles_other_languages)::BIGINT AS articles_other_languages,
       sum(articles_with_mention) / nullif(sum(articles), 0) AS share,
       sum(articles_with_mention_headline)::BIGINT AS articles_with_mention_headline,
       sum(mentions_headline)::BIGINT AS mentions_headline,
       sum(articles_with_mention_headline) / nullif(sum(articles), 0) AS share_headline,
       sum(articles_with_mention_original)::BIGINT AS articles_with_mention_original,
       sum(mentions_original)::BIGINT AS mentions_original,
       sum(articles_original)::BIGINT AS articles_original,
       sum(articles_with_mention_original) / nullif(sum(articles_original), 0) AS share_original,
       sum(articles_with_mention_whole)::BIGINT AS articles_with_mention_whole,
       sum(mentions_whole)::BIGINT AS mentions_whole,
       sum(articles_whole)::BIGINT AS articles_whole,
       sum(articles_with_mention_whole) / nullif(sum(articles_whole), 0) AS share_whole,
       round(sum(estimated_published), 2) AS estimated_published,
       -- A missing day has no count of articles, but its loss may be known.
       CASE WHEN sum(estimated_published) = 0 THEN 1
            ELSE sum(coalesce(articles + articles_other_languages, 0))
                     FILTER (estimated_published IS NOT NULL) / sum(estimated_published)
       END AS completeness,
       count(estimated_published) AS days_estimated,
       count(*) FILTER (state = 'observed') AS days_observed,
       count(*) FILTER (state = 'partial') AS days_partial,
       count(*) FILTER (state = 'missing') AS days_missing,
       -- Days vary independently: the more days there are, and the more equal, the less variation.
       coalesce(any_value(variation), 0) * sum(articles * articles)
           / nullif(pow(sum(articles), 2), 0) AS share_variance
FROM topic_daily{local}
LEFT JOIN topic_dispersion{local} USING (topic_id, source_id)
GROUP BY ALL
)
);

COMMENT ON VIEW topic_{unit}ly{local} IS
    'How often each topic came up, by {period} of {clock} days: sum over sum of the days that are not missing, NULL where all are. Read days_partial and days_missing before comparing.';
COMMENT ON COLUMN topic_{unit}ly{local}.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN topic_{unit}ly{local}.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN topic_{unit}ly{local}.country IS 'Country of the source';
COMMENT ON COLUMN topic_{unit}ly{local}.language IS 'Language of the source';
COMMENT ON COLUMN topic_{unit}ly{local}.period IS 'First day of the {period}';
COMMENT ON COLUMN topic_{unit}ly{local}.articles_with_mention IS 'Articles in which the topic comes up';
COMMENT ON COLUMN topic_{unit}ly{local}.mentions IS 'Mentions in them';
COMMENT ON COLUMN topic_{unit}ly{local}.articles IS
    'All articles in the languages of the topic, as in topic_daily{local}';
COMMENT ON COLUMN topic_{unit}ly{local}.articles_other_languages IS
    'Articles in other languages, which count nowhere here';
COMMENT ON COLUMN topic_{unit}ly{local}.share IS 'articles_with_mention / articles; NULL without articles';
COMMENT ON COLUMN topic_{unit}ly{local}.articles_with_mention_headline IS
    'Articles with a mention in the headline';
COMMENT ON COLUMN topic_{unit}ly{local}.mentions_headline IS 'Mentions in headlines';
COMMENT ON COLUMN topic_{unit}ly{local}.share_headline IS
    'articles_with_mention_headline / articles; NULL without articles. Its 95 % interval: share_interval(articles_with_mention_headline, articles, share_variance)';
COMMENT ON COLUMN topic_{unit}ly{local}.articles_with_mention_original IS
    'articles_with_mention without syndicated copies';
COMMENT ON COLUMN topic_{unit}ly{local}.mentions_original IS 'mentions without syndicated copies';
COMMENT ON COLUMN topic_{unit}ly{local}.articles_original IS 'articles without syndicated copies';
COMMENT ON COLUMN topic_{unit}ly{local}.share_original IS
    'share without syndicated copies. Its 95 % interval: share_interval(articles_with_mention_original, articles_original, share_variance)';
COMMENT ON COLUMN topic_{unit}ly{local}.articles_with_mention_whole IS
    'articles_with_mention without truncated pages';
COMMENT ON COLUMN topic_{unit}ly{local}.mentions_whole IS 'mentions without truncated pages';
COMMENT ON COLUMN topic_{unit}ly{local}.articles_whole IS 'articles without truncated pages';
COMMENT ON COLUMN topic_{unit}ly{local}.share_whole IS
    'share without truncated pages. Its 95 % interval: share_interval(articles_with_mention_whole, articles_whole, share_variance)';
COMMENT ON COLUMN topic_{unit}ly{local}.estimated_published IS
    'Articles that the source published, as estimated in coverage{local}, on the days of which that can be said';
COMMENT ON COLUMN topic_{unit}ly{local}.completeness IS
    'The share of them that was collected; read days_estimated with it';
COMMENT ON COLUMN topic_{unit}ly{local}.days_estimated IS
    'Days of the {period} of which that can be said; those of which it cannot are the rest of days_observed, days_partial and days_missing';
COMMENT ON COLUMN topic_{unit}ly{local}.days_observed IS 'Days that were observed';
COMMENT ON COLUMN topic_{unit}ly{local}.days_partial IS 'Days that were observed in part, counted too';
COMMENT ON COLUMN topic_{unit}ly{local}.days_missing IS
    'Days of the {period} that are missing, counted nowhere';
COMMENT ON COLUMN topic_{unit}ly{local}.share_variance IS
    'Variance of the share beyond chance, relative to its square: the variation in topic_dispersion{local}, less the more days there are. For share_interval of other counts and of sums';
COMMENT ON COLUMN topic_{unit}ly{local}.share_low IS
    'Lower end of the 95 % interval of share: what days like these would have given, had other articles been written of the same events; says nothing of articles that were not collected or of wrong mentions';
COMMENT ON COLUMN topic_{unit}ly{local}.share_high IS 'Upper end of it';
