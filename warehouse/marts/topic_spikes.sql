-- Grain: one topic and UTC day on which it came up far more often than its own past explains.
-- In the manner of what watches for outbreaks (Farrington et al., J. R. Stat. Soc. A 159;
-- Noufaily et al., Stat. Med. 32): past outliers count less, scatter beyond chance is allowed for.
--   1. of a day, hits above 3 times what the 56 days before let expect, + 3, are cut off
--   2. rate of each paper over the 56 days before; where it has few articles, near that of all
--   3. expected = sum over the day's papers of articles * rate, times a factor of the weekday
--   4. scatter = squared (1.4826 * median of the past days' distances), at least 1, a distance being
--      2 (sqrt(n + 3/8) - sqrt(expected + 3/8))
--   5. score = 3/2 (n^(2/3) - expected^(2/3)) / expected^(1/6) / sd, nearly a standard normal by
--      chance, for few articles, too; for that, at least a tenth of an article is expected
-- A day looks back on 56 days four times over: in steps 1, 2, 3 and 4. So the days counted anew are
-- those that the load touched (`touched_days` and `changed_days`) and the 224 after each; all of them
-- where a topic was counted again (`recounted`).
CREATE OR REPLACE TEMP TABLE spike_wanted AS
SELECT DISTINCT day + later AS day
FROM (
    SELECT day FROM touched_days
    UNION
    SELECT day FROM changed_days
    UNION
    SELECT day FROM coverage WHERE EXISTS (FROM recounted)
)
CROSS JOIN (SELECT unnest(range(225))::INTEGER AS later);

CREATE OR REPLACE TEMP TABLE spike_read AS
SELECT DISTINCT day - earlier AS day
FROM spike_wanted
CROSS JOIN (SELECT unnest(range(225))::INTEGER AS earlier);

CREATE OR REPLACE TEMP TABLE spike_topics AS
SELECT topic_id, row_number() OVER (ORDER BY topic_id)::SMALLINT AS topic
FROM (SELECT DISTINCT topic_id FROM topic_daily);

CREATE OR REPLACE TEMP TABLE spike_cells AS
SELECT topic, paper, (day - DATE '1970-01-01')::INTEGER AS day,
       coalesce(articles_with_mention, 0)::INTEGER AS hits, coalesce(articles, 0)::INTEGER AS total,
       coalesce(articles_with_mention_original, 0)::INTEGER AS originals
FROM topic_daily
SEMI JOIN spike_read USING (day)
JOIN spike_topics USING (topic_id)
JOIN (SELECT source_id, row_number() OVER (ORDER BY source_id)::SMALLINT AS paper
      FROM (SELECT DISTINCT source_id FROM topic_daily)) AS papers USING (source_id);

-- What a paper has on a day and had before, whatever the topic; without a past it is left out.
CREATE OR REPLACE TEMP TABLE spike_papers AS
SELECT paper, day, total, past_total, past_days >= 14 AS has_past
FROM (
    SELECT paper, day, total, sum(total) OVER past AS past_total,
           count(*) FILTER (total > 0) OVER past AS past_days
    FROM (SELECT DISTINCT paper, day, total FROM spike_cells)
    WINDOW past AS (PARTITION BY paper ORDER BY day RANGE BETWEEN 56 PRECEDING AND 1 PRECEDING)
)
WHERE total > 0;

CREATE OR REPLACE TEMP TABLE spike_cuts AS
SELECT topic, day,
       coalesce(least(1, (3 * total * past_hits / nullif(past_total, 0) + 3) / nullif(hits, 0)), 1)
           AS kept
FROM (
    SELECT topic, day, hits, total, sum(hits) OVER past AS past_hits,
           sum(total) OVER past AS past_total
    FROM (SELECT topic, day, sum(hits) AS hits, sum(total) AS total
          FROM spike_cells GROUP BY topic, day)
    WINDOW past AS (PARTITION BY topic ORDER BY day RANGE BETWEEN 56 PRECEDING AND 1 PRECEDING)
);

CREATE OR REPLACE TEMP TABLE spike_days AS
WITH cells AS (
    -- A row a day: topic_daily has the whole calendar of a paper.
    SELECT topic, paper, day, hits, originals, hits * kept AS cut_hits,
           sum(hits * kept) OVER (
               PARTITION BY topic, paper ORDER BY day ROWS BETWEEN 56 PRECEDING AND 1 PRECEDING)
               AS past_hits
    FROM spike_cells
    JOIN spike_cuts USING (topic, day)
),
days AS (
    SELECT topic, day, sum(hits)::BIGINT AS hits, sum(total)::BIGINT AS total,
           sum(originals)::BIGINT AS originals, count(*) AS sources, sum(cut_hits) AS cut_hits,
           sum(total * past_hits / (past_total + 20))
           + sum(total / (past_total + 20)) * 20 * sum(past_hits) / sum(past_total) AS level
    FROM cells
    JOIN spike_papers USING (paper, day)
    WHERE has_past
    GROUP BY topic, day
),
weekdays AS (
    SELECT *, coalesce(sum(cut_hits) OVER past, 0) + 10 AS weekday_hits,
           coalesce(sum(level) OVER past, 0) + 10 AS weekday_level
    FROM days
    WINDOW past AS (
        PARTITION BY topic, day % 7 ORDER BY day RANGE BETWEEN 56 PRECEDING AND 1 PRECEDING)
),
distances AS (
    SELECT *, level * weekday_hits / weekday_level AS expected,
           2 * (sqrt(hits + 0.375) - sqrt(expected + 0.375)) AS distance
    FROM weekdays
),
scattered AS (
    SELECT *, count(*) OVER past AS past_days,
           greatest(1, pow(1.4826 * median(abs(distance)) OVER past, 2)) AS scatter
    FROM distances
    WINDOW past AS (PARTITION BY topic ORDER BY day RANGE BETWEEN 56 PRECEDING AND 1 PRECEDING)
)
SELECT topic, DATE '1970-01-01' + day AS day, hits, total, originals, sources,
       round(expected, 4) AS expected,
       -- The expectation itself is uncertain, as the weekday's past has few hits.
       round(1.5 * (pow(hits, 2 / 3) - pow(greatest(expected, 0.1), 2 / 3))
             / pow(greatest(expected, 0.1), 1 / 6)
             / sqrt(scatter * (1 + expected / weekday_level)), 3) AS score
FROM scattered
WHERE past_days >= 28;

CREATE OR REPLACE TEMP TABLE spikes AS
SELECT topic_id, day, hits, total, expected, score, sources
FROM spike_days
JOIN spike_topics USING (topic)
SEMI JOIN spike_wanted USING (day)
WHERE score >= 3.5 AND hits >= 4 AND originals >= 3;

DELETE FROM topic_spikes
WHERE day IN (FROM spike_wanted) OR topic_id IN (FROM recounted);

INSERT INTO topic_spikes BY NAME
WITH found AS (
    SELECT topic_id, article_id, published_date AS day, headline, url_canonical AS url,
           coalesce(name, source_id) AS source, duplicate_of IS NOT NULL AS is_copy,
           count(*) FILTER (field = 'headline') AS in_headline, count(*) AS mentions
    FROM (SELECT * FROM articles WHERE published_date IN (SELECT day FROM spikes))
    JOIN mentions USING (article_id, version_no)
    LEFT JOIN sources USING (source_id)
    GROUP BY ALL
),
behind AS (
    SELECT topic_id, day,
           list(struct_pack(headline, source, url)
                ORDER BY is_copy, in_headline DESC, mentions DESC, source, article_id)[:5]
               AS headlines
    FROM found
    SEMI JOIN spikes USING (topic_id, day)
    GROUP BY topic_id, day
)
SELECT topic_id, day, hits AS articles_with_mention, total AS articles, hits / total AS share,
       expected, score, sources, coalesce(headlines, []) AS headlines
FROM spikes
LEFT JOIN behind USING (topic_id, day)
ORDER BY topic_id, day;
