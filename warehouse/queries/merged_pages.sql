-- Grain: one configured source whose pages are taken for versions of one article.
-- Reads: article_versions, article_revisions
--
-- If a template declares one URL on every page, each page becomes a version of the article before. Such
-- versions come from three URLs or more, and each has another headline than the version before and
-- almost no text in common with it: different articles have a similarity of .12 to .16. A news flash
-- that became a report at the same URL does not count. Of the last eight weeks, the article with the
-- most pages.
WITH unlike AS (
    SELECT article_id, version_no, previous_no, fetched_after
    FROM article_revisions
    WHERE similarity < 0.3 AND is_other_text AND headline_before <> headline_after
      AND fetched_after BETWEEN $now - INTERVAL 56 DAY AND $now
),
merged AS (
    SELECT source_id, article_id, any_value(url_canonical) AS url,
           count(DISTINCT url_final) AS pages, min(fetched_after) AS since,
           arg_max(raw_ref, fetched_at) AS raw_ref
    FROM article_versions
    JOIN unlike USING (article_id)
    WHERE article_versions.version_no IN (unlike.version_no, unlike.previous_no)
    GROUP BY source_id, article_id
    HAVING count(DISTINCT url_final) >= 3 AND count(DISTINCT headline) >= 3
)
SELECT source_id, name, url, pages, since, raw_ref
FROM merged
JOIN sources USING (source_id)
WHERE is_configured
QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY pages DESC, url) = 1
ORDER BY source_id
