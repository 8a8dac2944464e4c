-- Holds: in each vintage a topic has one row for each period, which is the first day of its kind.
SELECT topic_id, period_kind, period, as_of, count(*) AS rows
FROM attention_index
GROUP BY topic_id, period_kind, period, as_of
HAVING count(*) > 1 OR period_kind NOT IN ('day', 'week', 'month')
    OR period IS NULL OR period <> date_trunc(period_kind, period)
