-- Holds: in the newest vintage each series lies within its interval, and has one where it has a value.
SELECT topic_id, period_kind, period, pooled_share_low, pooled_share, pooled_share_high, epu_low,
       epu, epu_high, gap_robust_low, gap_robust, gap_robust_high, log_linear_low, log_linear,
       log_linear_high
FROM attention_index{local}
WHERE as_of = (SELECT max(as_of) FROM attention_index{local})
  AND (coalesce(pooled_share NOT BETWEEN pooled_share_low AND pooled_share_high,
                pooled_share IS NOT NULL)
    OR coalesce(epu NOT BETWEEN epu_low AND epu_high, epu IS NOT NULL)
    OR coalesce(gap_robust NOT BETWEEN gap_robust_low AND gap_robust_high,
                gap_robust IS NOT NULL)
    OR coalesce(log_linear NOT BETWEEN log_linear_low AND log_linear_high,
                log_linear IS NOT NULL))
