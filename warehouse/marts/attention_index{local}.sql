-- Grain: one topic, period (day, week or month) and vintage.
-- Key: as_of
-- Touched by: as_of FROM index_vintage{local}
-- Reads: topic_daily{local}
--
-- index_now{local} has the current series, computed by warehouse/stats/attention_index.py. Their vintage is chosen
-- before, by steps/vintages{local}.sql.
SELECT index_now{local}.* EXCLUDE (share_variance),
       round(share_interval(articles_with_mention, articles, share_variance).low, 8)
           AS pooled_share_low,
       round(share_interval(articles_with_mention, articles, share_variance).high, 8)
           AS pooled_share_high,
       as_of
FROM index_now{local}
CROSS JOIN index_vintage{local}
