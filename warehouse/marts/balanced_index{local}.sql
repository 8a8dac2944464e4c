-- Grain: one topic and period (day, week or month).
-- Key: topic_id
-- Touched by: DISTINCT topic_id FROM changed_topic_daily{local}
-- Touched by: DISTINCT topic_id FROM topic_daily{local} WHERE EXISTS (FROM changed_balance_rule)
-- Touched by: DISTINCT topic_id FROM topic_daily{local} WHERE EXISTS (FROM changed_sources)
--
-- balanced_now{local} are the series, computed by warehouse/stats/balanced_index.py; empty without a balance.
SELECT balanced_now{local}.* EXCLUDE (effective_articles, share_variance),
       round(share_interval(balanced_share * effective_articles, effective_articles,
                            share_variance).low, 8) AS balanced_share_low,
       round(share_interval(balanced_share * effective_articles, effective_articles,
                            share_variance).high, 8) AS balanced_share_high,
       round(effective_articles, 1) AS effective_articles,
       (FROM balance_rule) AS balance
FROM balanced_now{local}
SEMI JOIN touched USING (topic_id)
ORDER BY topic_id, period_kind, period
