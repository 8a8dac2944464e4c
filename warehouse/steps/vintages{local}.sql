-- Grain: one vintage of the attention index, index_vintage{local}: that of the series in index_now{local}.
-- It is today's, unless the counts and indexes that older vintages keep are the same as before today:
-- estimates (completeness, intervals) and columns of later versions are no revision. Removes rows from
-- attention_index{local} that older vintages do not keep, by vintage_rules.
DELETE FROM attention_index{local} WHERE as_of >= (SELECT as_of FROM index_vintage{local});

-- A topic, kind and period has one row, so rows of the same number with no other among them are equal.
UPDATE index_vintage{local} SET as_of = newest
FROM (
    WITH before AS MATERIALIZED (
        SELECT topic_id, period_kind, period, articles_with_mention, articles, sources, pooled_share,
               epu, gpr_style, tpu_style, gap_robust
        FROM attention_index{local}
        WHERE as_of = (SELECT max(as_of) FROM attention_index{local})
          AND (period_kind <> 'day' OR period > as_of - (SELECT recent_days FROM index_vintage{local}))
    ),
    compared AS MATERIALIZED (
        SELECT topic_id, period_kind, period, articles_with_mention, articles, sources, pooled_share,
               epu, gpr_style, tpu_style, gap_robust
        FROM index_now{local}
        CROSS JOIN (SELECT max(as_of) AS newest FROM attention_index{local})
        WHERE period_kind <> 'day' OR period > newest - (SELECT recent_days FROM index_vintage{local})
    )
    SELECT max(as_of) AS newest
    FROM attention_index{local}
    WHERE EXISTS (FROM before)
      AND (SELECT count(*) FROM before) = (SELECT count(*) FROM compared)
      AND NOT EXISTS (FROM compared EXCEPT FROM before)
)
WHERE newest IS NOT NULL;

DELETE FROM attention_index{local}
WHERE period_kind = 'day' AND period <= as_of - (SELECT recent_days FROM index_vintage{local});

DELETE FROM attention_index{local}
WHERE as_of < (SELECT as_of - daily_days FROM index_vintage{local})
  AND as_of NOT IN (
      SELECT max(as_of)
      FROM (SELECT as_of FROM attention_index{local} UNION SELECT as_of FROM index_vintage{local})
      GROUP BY date_trunc('month', as_of));
