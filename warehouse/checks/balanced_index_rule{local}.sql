-- Holds: balanced series are by the groups that the rule names, and lie within their intervals.
SELECT topic_id, period_kind, period, balance, balanced_share, balanced_share_low,
       balanced_share_high
FROM balanced_index{local}
WHERE balance IS DISTINCT FROM (FROM balance_rule)
   OR balance = 'none'
   OR balanced_share NOT BETWEEN balanced_share_low AND balanced_share_high
   OR (balanced_share IS NULL) <> (coalesce(articles, 0) = 0)
