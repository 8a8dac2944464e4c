-- Holds: in the newest vintage the scaled series are 100 on average, and only the one without the
-- sources' own levels may be below zero.
SELECT topic_id, period_kind, avg(epu) AS epu, avg(gpr_style) AS gpr_style,
       avg(gap_robust) AS gap_robust, avg(log_linear) AS log_linear
FROM attention_index_latest{local}
GROUP BY topic_id, period_kind
HAVING abs(avg(epu) - 100) > 0.001 OR abs(avg(gpr_style) - 100) > 0.001
    OR abs(avg(gap_robust) - 100) > 0.001 OR abs(avg(log_linear) - 100) > 0.001
    OR min(least(pooled_share, epu, gpr_style, tpu_style, log_linear)) < 0
