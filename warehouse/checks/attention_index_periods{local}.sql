-- Holds: in the newest vintage a topic has one row for each period, the first day of its kind.
SELECT topic_id, period_kind, period, count(*) AS rows
FROM attention_index{local}
WHERE as_of = (SELECT max(as_of) FROM attention_index{local})
GROUP BY topic_id, period_kind, period
HAVING count(*) > 1 OR period_kind NOT IN ('day', 'week', 'month')
    OR period IS NULL OR period <> date_trunc(period_kind, period)
