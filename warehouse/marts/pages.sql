-- Grain: one page of a watched source: a URL that was asked for as a page, or a saved file.
-- Key: source_id, url_hash
-- Compared: day, day_local, gave_article, was_read, is_lost, is_gone, is_undated, stands_for, obtained_from
-- Touched by: source_id, url_hash FROM added_captures WHERE kind IN ('page', 'file')
-- Touched by: source_id, url_hash FROM pages SEMI JOIN changed_articles USING (article_id)
-- Touched by: source_id, url_hash FROM pages
--     SEMI JOIN (FROM source_zones WHERE is_changed) AS moved USING (source_id)
--
-- Dates of a listing before 1990 or three days after the attempt are ignored: some feeds have a
-- `<pubDate>` of 1970-01-01 or 2099.
-- A doubtful rejected page (rejections) is lost as well. A capture of an archive is not: that a page was
-- archived is no evidence that the source published it on that day. For the same reason only requests to
-- the source that its listings led to say on which day a page came out. A saved file, a page of an
-- archive or of sitemaps of the past, without a date, belongs to no day until it gives an article: one
-- front page saved today would extend a calendar of 2013 to today, with thousands of missing days.
-- Once an attempt at the source has failed, the page stays lost until a later one reads it. An archive
-- without the article does not say that there was none, nor does the source when the page is gone: a
-- listing named it, and the request in time had failed.
-- An article that counts for another source, as two addresses may lead to one, is none for this source:
-- its page is lost, like one of which a listing names the address that the other source has.
-- A page that was gone whenever the source was asked, or led to a page of links at another address, is not
-- lost: listings keep naming what was withdrawn. But of many such pages of one day coverage says so.
-- An article without a date leaves its page on the day that it would have without the article. Were it on
-- none, a day whose articles all came undated would be a true zero.
WITH asked AS (
    SELECT *, if(entry_published_at BETWEEN TIMESTAMPTZ '1990-01-01 00:00:00+00'
                                        AND attempted_at + INTERVAL 3 DAY,
                 entry_published_at, NULL) AS believed,
           local_date(believed, entry_published_raw, NULL, zone) AS believed_day,
           coalesce(owner_id <> source_id, false) AS is_of_another,
           CASE WHEN obtained_from IN ('warc', 'wayback') THEN NULL
                WHEN is_loss OR is_of_another
                     OR (prose_words >= doubted_from AND kind = 'page' AND found_in LIKE 'http%')
                    THEN true
                WHEN outcome IN ('not_found', 'soft_404') THEN NULL
                ELSE false
           END AS may_be_lost,
           if(obtained_from IN ('warc', 'wayback'), NULL,
              kind = 'page' AND found_in LIKE 'http%'
              AND (outcome IN ('not_found', 'soft_404')
                   OR outcome = 'section_page' AND len(url_keys) > 1)) AS is_gone,
           if(obtained_from = 'source', attempted_at, NULL) AS placed_at
    FROM captures
    JOIN outcomes USING (outcome)
    JOIN source_zones USING (source_id)
    LEFT JOIN (SELECT article_id, source_id AS owner_id FROM articles) AS owned USING (article_id)
    SEMI JOIN touched USING (source_id, url_hash)
    SEMI JOIN (FROM sources WHERE is_watched) AS watched USING (source_id)
    WHERE kind IN ('page', 'file')
),
page AS (
    SELECT source_id, url_hash, zone,
           arg_max(article_id, attempted_at) AS article_id,
           max(attempted_at) FILTER (article_id IS NOT NULL) AS article_at,
           bool_or(class = 'article' AND NOT is_of_another) AS gave_article,
           bool_or(class IN ('article', 'no_article', 'unreadable')) AS was_read,
           coalesce(arg_max(may_be_lost, attempted_at), false) AS is_lost,
           coalesce(bool_and(is_gone), false) AND NOT gave_article AND NOT is_lost AS is_gone,
           -- An attempt of an earlier version may stand for all pages of its day that were left for later.
           coalesce(arg_max(if(outcome = 'left_for_later',
                               coalesce(nullif(regexp_extract(detail, '^\d+'), '')::INTEGER, 1), 1),
                            attempted_at) FILTER (may_be_lost IS NOT NULL), 1) AS stands_for,
           max(attempted_at) FILTER (believed IS NOT NULL) AS entry_at,
           arg_max(believed, attempted_at) AS entry_published_at,
           arg_max(believed_day, attempted_at) AS entry_day,
           min(placed_at) AS placed_at,
           min(attempted_at) AS first_attempt_at,
           max(attempted_at) AS last_attempt_at,
           arg_min(obtained_from, list_position(
               ['source', 'source_archive', 'file', 'warc', 'wayback'], obtained_from)
           ) FILTER (class = 'article') AS obtained_from
    FROM asked
    GROUP BY source_id, url_hash, zone
)
SELECT page.* EXCLUDE (zone, entry_day, placed_at),
       coalesce(dated.source_id = page.source_id AND published_date IS NULL, false) AS is_undated,
       if(gave_article AND NOT is_undated, published_date,
          coalesce(published_date, utc_day(coalesce(entry_published_at, placed_at)))) AS day,
       if(gave_article AND NOT is_undated, published_local_date,
          coalesce(published_local_date, entry_day, day_of_local(placed_at, zone))) AS day_local
FROM page
LEFT JOIN (SELECT article_id, source_id, published_date, published_local_date FROM articles) AS dated
    USING (article_id)
