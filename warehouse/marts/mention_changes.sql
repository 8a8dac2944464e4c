-- Grain: one topic that entered or left an article with one of its revisions.
--
-- As in topic_daily, only articles in the languages of the topic count: of the later version, since a short
-- text may be taken for another language before.
CREATE OR REPLACE VIEW mention_changes AS
SELECT revision.article_id, revision.source_id, topic_id, topic_version, previous_no AS from_version,
       revision.version_no AS to_version,
       count(*) FILTER (mentions.version_no = previous_no) AS mentions_before,
       count(*) FILTER (mentions.version_no = revision.version_no) AS mentions_after,
       CASE WHEN mentions_before = 0 THEN 'entered' ELSE 'left' END AS change,
       list_sort(list(DISTINCT field)) AS fields,
       fetched_after AS seen_at, hours_after_publication, is_like_for_like
FROM article_revisions AS revision
JOIN mentions USING (article_id)
JOIN topics USING (topic_id, topic_version)
JOIN article_versions AS later
    ON later.article_id = revision.article_id AND later.version_no = revision.version_no
WHERE mentions.version_no IN (previous_no, revision.version_no)
  AND counts_in(topics.languages, later.language)
GROUP BY ALL
HAVING (mentions_before = 0) <> (mentions_after = 0);

COMMENT ON VIEW mention_changes IS
    'Which topics entered or left an article after publication, by the definitions that count now, among articles in the languages of the topic. A topic that merely comes up more or less often is not here.';
COMMENT ON COLUMN mention_changes.article_id IS 'Article, as in articles';
COMMENT ON COLUMN mention_changes.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN mention_changes.topic_id IS 'Topic, as in topics';
COMMENT ON COLUMN mention_changes.topic_version IS 'Version of the topic''s definition';
COMMENT ON COLUMN mention_changes.from_version IS 'The earlier version, as in article_versions';
COMMENT ON COLUMN mention_changes.to_version IS 'The version that followed it';
COMMENT ON COLUMN mention_changes.change IS 'entered or left';
COMMENT ON COLUMN mention_changes.mentions_before IS 'Mentions in the earlier version';
COMMENT ON COLUMN mention_changes.mentions_after IS 'Mentions in the later version';
COMMENT ON COLUMN mention_changes.fields IS
    'Fields that it entered or left: kicker, headline, standfirst, body, caption';
COMMENT ON COLUMN mention_changes.seen_at IS
    'Capture in which the change was first seen (UTC)';
COMMENT ON COLUMN mention_changes.hours_after_publication IS
    'Hours from publication to that capture; NULL for an undated article';
COMMENT ON COLUMN mention_changes.is_like_for_like IS
    'Whether the versions can be compared, as in article_revisions';
