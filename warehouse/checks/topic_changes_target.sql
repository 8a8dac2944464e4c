-- Holds: a change leads from one version of a topic to a later one, has one row a month,
-- and one of the versions has matches in it.
SELECT topic_changes.*
FROM topic_changes
LEFT JOIN topics AS old ON old.topic_id = topic_changes.topic_id AND old.topic_version = old_version
LEFT JOIN topics AS new ON new.topic_id = topic_changes.topic_id AND new.topic_version = new_version
WHERE old.topic_id IS NULL OR new.topic_id IS NULL OR old_version >= new_version
   OR NOT coalesce(articles_before <= mentions_before AND articles_after <= mentions_after
                   AND articles_before + articles_after > 0, false)
   OR load_no IS NULL OR changed_at IS NULL
UNION ALL
FROM topic_changes
QUALIFY count(*) OVER (PARTITION BY topic_id, new_version, period) > 1
