-- Holds: topic_daily{local} agrees with a count from the mentions, day by day.
SELECT topic_id, source_id, day, daily.mentions, daily.articles_with_mention,
       recount.mentions AS mentions_recounted, recount.articles AS articles_recounted
FROM touched_topic_daily{local} AS daily
FULL JOIN (
    SELECT topic_id, source_id, day, sum(hits) AS mentions, count(*) AS articles,
           sum(hits_headline) AS mentions_headline,
           count(*) FILTER (hits_headline > 0) AS articles_headline,
           sum(hits) FILTER (is_original) AS mentions_original,
           count(*) FILTER (is_original) AS articles_original,
           sum(hits) FILTER (is_whole) AS mentions_whole,
           count(*) FILTER (is_whole) AS articles_whole
    FROM (
        SELECT topic_id, article_id, any_value(source_id) AS source_id,
               any_value({published_date}) AS day, any_value(duplicate_of) IS NULL AS is_original,
               any_value(is_truncated) IS NOT TRUE AS is_whole, count(*) AS hits,
               count(*) FILTER (field = 'headline') AS hits_headline
        FROM touched_days_articles{local}
        JOIN touched_days_mentions{local} USING (article_id, version_no)
        JOIN (SELECT topic_id, languages FROM topics WHERE valid_to IS NULL) AS counting
            USING (topic_id)
        SEMI JOIN source_calendars{local} AS calendar
            ON calendar.source_id = touched_days_articles{local}.source_id AND {published_date} BETWEEN first_day AND last_day
        WHERE counts_in(languages, language)
        GROUP BY topic_id, article_id
    )
    GROUP BY ALL
) AS recount USING (topic_id, source_id, day)
WHERE coalesce(daily.mentions, 0) <> coalesce(recount.mentions, 0)
   OR coalesce(daily.articles_with_mention, 0) <> coalesce(recount.articles, 0)
   OR coalesce(daily.mentions_headline, 0) <> coalesce(recount.mentions_headline, 0)
   OR coalesce(daily.articles_with_mention_headline, 0) <> coalesce(recount.articles_headline, 0)
   OR coalesce(daily.mentions_original, 0) <> coalesce(recount.mentions_original, 0)
   OR coalesce(daily.articles_with_mention_original, 0) <> coalesce(recount.articles_original, 0)
   OR coalesce(daily.mentions_whole, 0) <> coalesce(recount.mentions_whole, 0)
   OR coalesce(daily.articles_with_mention_whole, 0) <> coalesce(recount.articles_whole, 0)
