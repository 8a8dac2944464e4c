-- Holds: the weights of an audit's articles add up to the articles that it was drawn from, and each
-- of its verdicts is on one of them.
SELECT audit_id, population, sum(weight) AS weights, count(*) AS articles
FROM audits LEFT JOIN audit_articles USING (audit_id)
GROUP BY ALL
HAVING abs(population - coalesce(sum(weight), 0)) > 0.001 * greatest(1, population)
UNION ALL
SELECT audit_id, NULL, NULL, count(*)
FROM audit_verdicts ANTI JOIN audit_articles USING (audit_id, article_id)
GROUP BY ALL
