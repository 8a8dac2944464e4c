-- Holds: a local date is at most a day from the UTC day, and the same where a page gives no time; an
-- undated article has neither it nor a precision.
SELECT article_id, published_at, published_at_raw, published_precision, published_local_date
FROM touched_articles
WHERE (published_precision IS NULL) <> (published_date IS NULL)
   OR published_precision NOT IN ('second', 'minute', 'day')
   OR (published_local_date IS NULL) <> (published_date IS NULL)
   OR abs(published_local_date - published_date) > if(published_precision = 'day', 0, 1)
