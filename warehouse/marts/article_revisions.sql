-- Grain: one version of an article that followed another one, by the time of their captures.
CREATE OR REPLACE VIEW article_revisions AS
WITH placed AS (
    SELECT article_versions.*,
           row_number() OVER seen AS place,
           last_value(published_at IGNORE NULLS) OVER seen AS last_published_at
    FROM article_versions
    SEMI JOIN (SELECT article_id FROM article_versions WHERE version_no = 2) AS revised
        USING (article_id)
    WINDOW seen AS (PARTITION BY article_id ORDER BY fetched_at, version_no)
)
SELECT later.article_id, later.source_id, later.url_canonical, later.version_no,
       earlier.version_no AS previous_no,
       earlier.headline AS headline_before, later.headline AS headline_after,
       earlier.word_count AS word_count_before, later.word_count AS word_count_after,
       earlier.body_chars AS body_chars_before, later.body_chars AS body_chars_after,
       1 - bit_count(xor(before.minhash, after.minhash)) / 256 AS similarity,
       earlier.fetched_at AS fetched_before, later.fetched_at AS fetched_after,
       date_diff('second', later.last_published_at, later.fetched_at) / 3600 AS hours_after_publication,
       earlier.body_sha256 <> later.body_sha256 AS is_other_text,
       -- 0.1.0 wrote a digest of its source files for version 1; settings may follow either
       replace(earlier.extractor_version, '1-d869d737fc43', '1')
           = replace(later.extractor_version, '1-d869d737fc43', '1')
           AND earlier.is_truncated = later.is_truncated AS is_like_for_like,
       later.capture_id
FROM placed AS later
JOIN placed AS earlier
    ON earlier.article_id = later.article_id AND earlier.place = later.place - 1
LEFT JOIN text_sketches AS before
    ON before.article_id = earlier.article_id AND before.version_no = earlier.version_no
LEFT JOIN text_sketches AS after
    ON after.article_id = later.article_id AND after.version_no = later.version_no;

COMMENT ON VIEW article_revisions IS
    'What sources changed after publication: each version beside the one before it. Numbers follow the order of loading, this follows the time of the captures.';
COMMENT ON COLUMN article_revisions.article_id IS 'Article, as in articles';
COMMENT ON COLUMN article_revisions.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN article_revisions.url_canonical IS 'URL the article is known by';
COMMENT ON COLUMN article_revisions.version_no IS 'The later version, as in article_versions';
COMMENT ON COLUMN article_revisions.previous_no IS 'The version that the page showed before';
COMMENT ON COLUMN article_revisions.headline_before IS 'Headline of the earlier version';
COMMENT ON COLUMN article_revisions.headline_after IS 'Headline of the later version';
COMMENT ON COLUMN article_revisions.word_count_before IS 'Words of the body before';
COMMENT ON COLUMN article_revisions.word_count_after IS 'Words of the body after';
COMMENT ON COLUMN article_revisions.body_chars_before IS 'Code points of the body before';
COMMENT ON COLUMN article_revisions.body_chars_after IS 'Code points of the body after';
COMMENT ON COLUMN article_revisions.similarity IS
    'Estimated Jaccard similarity of the two bodies, 1 for equal ones; NULL where one has under 40 words';
COMMENT ON COLUMN article_revisions.fetched_before IS 'Capture of the earlier version (UTC)';
COMMENT ON COLUMN article_revisions.fetched_after IS
    'Capture of the later version (UTC): the source changed it between the two';
COMMENT ON COLUMN article_revisions.hours_after_publication IS
    'Hours from publication to the capture of the later version; NULL for an undated article';
COMMENT ON COLUMN article_revisions.is_other_text IS
    'Whether headline, standfirst or body differ; if not, an undated text got its date, or a source took the article over from archive-<domain>';
COMMENT ON COLUMN article_revisions.is_like_for_like IS
    'Whether both were cleaned by the same rules and delivered whole, or both cut: if not, the difference may not be the source''s';
COMMENT ON COLUMN article_revisions.capture_id IS 'Capture of the later version, as in captures';
