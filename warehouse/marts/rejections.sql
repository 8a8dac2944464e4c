-- Grain: one page or saved file that gave no article.
CREATE OR REPLACE VIEW rejections AS
SELECT capture_id, run_id, source_id, kind, url_requested, url_final, found_in, outcome,
       outcomes.class, outcomes.meaning, detail, http_status, attempted_at, raw_ref, prose_words,
       -- For a recheck, or a page of an archive, found_in is not a URL.
       coalesce(prose_words >= doubted_from AND kind = 'page' AND found_in LIKE 'http%', false)
           AS is_doubtful
FROM captures
JOIN outcomes USING (outcome)
WHERE kind IN ('page', 'file') AND outcomes.class NOT IN ('article', 'listing');

COMMENT ON VIEW rejections IS
    'Pages stopped on their way, each with its reason.';
COMMENT ON COLUMN rejections.capture_id IS 'Capture';
COMMENT ON COLUMN rejections.run_id IS 'Run';
COMMENT ON COLUMN rejections.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN rejections.kind IS 'page or file';
COMMENT ON COLUMN rejections.url_requested IS 'URL asked for';
COMMENT ON COLUMN rejections.url_final IS 'URL after redirects';
COMMENT ON COLUMN rejections.found_in IS
    'Listing, or glob, that named the URL; recheck for a known page asked for again';
COMMENT ON COLUMN rejections.outcome IS 'The reason';
COMMENT ON COLUMN rejections.class IS 'Class of the reason, as in outcomes';
COMMENT ON COLUMN rejections.meaning IS 'The reason in words';
COMMENT ON COLUMN rejections.detail IS
    'More about it; of a section_page what decided, then its links and words';
COMMENT ON COLUMN rejections.http_status IS 'Last HTTP status';
COMMENT ON COLUMN rejections.attempted_at IS 'Time of the attempt (UTC)';
COMMENT ON COLUMN rejections.raw_ref IS 'WARC file and offset';
COMMENT ON COLUMN rejections.prose_words IS
    'Words in whole sentences that read like an article; NULL when there was no text to judge';
COMMENT ON COLUMN rejections.is_doubtful IS
    'Whether it may be an article all the same: a page that a listing named, with 200 words of prose or more (outcomes.doubted_from). It counts as lost, so that its day is partial';
