-- Grain: one interval, as a struct of low and high; NULL without articles.
-- As in warehouse/stats/intervals.py, which explains the formula.
CREATE OR REPLACE MACRO share_interval(hits, articles, variance) AS
CASE WHEN articles > 0 THEN struct_pack(
    low := least(hits / articles, greatest(0, (
        hits / articles + 1.9207294 / articles
        - sqrt(greatest(0, pow(hits / articles + 1.9207294 / articles, 2)
            - pow(hits / articles, 2) * greatest(0.25, 1 + 3.8414589 / articles
                - CASE WHEN hits > 0 THEN 3.8414589 * coalesce(variance, 0) ELSE 0 END)))
    ) / greatest(0.25, 1 + 3.8414589 / articles
        - CASE WHEN hits > 0 THEN 3.8414589 * coalesce(variance, 0) ELSE 0 END))),
    high := greatest(hits / articles, least(1, (
        hits / articles + 1.9207294 / articles
        + sqrt(greatest(0, pow(hits / articles + 1.9207294 / articles, 2)
            - pow(hits / articles, 2) * greatest(0.25, 1 + 3.8414589 / articles
                - CASE WHEN hits > 0 THEN 3.8414589 * coalesce(variance, 0) ELSE 0 END)))
    ) / greatest(0.25, 1 + 3.8414589 / articles
        - CASE WHEN hits > 0 THEN 3.8414589 * coalesce(variance, 0) ELSE 0 END)))
) END;

COMMENT ON MACRO share_interval IS
    'The 95 % interval of hits / articles: share_interval(hits, articles, share_variance).low and .high. The third is what the share varies beyond chance, as in topic_weekly; of a sum over sources or periods it is sum(share_variance * hits * hits) / pow(sum(hits), 2); 0 is chance alone.';
