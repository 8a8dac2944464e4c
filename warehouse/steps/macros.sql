-- Macros for the SELECTs of marts and their touched keys; those for readers are in macros/.
CREATE OR REPLACE TEMP MACRO utc_day(moment) AS make_timestamp(epoch_us(moment))::DATE;
CREATE OR REPLACE TEMP MACRO utc_time(moment) AS make_timestamp(epoch_us(moment));
CREATE OR REPLACE TEMP MACRO day_of(moment, zone) AS utc_day(moment);
CREATE OR REPLACE TEMP MACRO day_of_local(moment, zone) AS timezone(zone, moment)::DATE;
CREATE OR REPLACE TEMP MACRO start_of(day, zone) AS timezone('UTC', day::TIMESTAMP);
-- If clocks go back to midnight, DuckDB takes the second of the two midnights: the day began before
-- that, by the reading of the clock just before it.
CREATE OR REPLACE TEMP MACRO start_of_local(day, zone) AS
    timezone(zone, day::TIMESTAMP) - greatest(INTERVAL 0 HOUR,
        timezone(zone, timezone(zone, day::TIMESTAMP) - INTERVAL 1 MICROSECOND)
            + INTERVAL 1 MICROSECOND - day::TIMESTAMP);
CREATE OR REPLACE TEMP MACRO hour_of_week(hour) AS (isodow(hour) - 1) * 24 + hour(hour);
CREATE OR REPLACE TEMP MACRO hours_between(first, last) AS
    generate_series(date_trunc('hour', first), last, INTERVAL 1 HOUR);
CREATE OR REPLACE TEMP MACRO overlap_hours(from_1, until_1, from_2, until_2) AS
    greatest(0, epoch(least(until_1, until_2)) - epoch(greatest(from_1, from_2))) / 3600;
-- A time of day: 10:20, 10.20 (no part of 17.05.2024), T1020, 10h, 10 Uhr, 10時, 8 pm,
-- 20240517102030 or seconds since 1970; no offset such as +09:00.
CREATE OR REPLACE TEMP MACRO prints_time(raw) AS
    coalesce(regexp_matches(raw,
        '(?i)(^|[^\d+-])\d{1,2}\s?[:：]\s?\d\d|(^|[^\d.])\d{1,2}\.\d\d($|[^\d.])|\dT\d\d'
        || '|\d\s?([時时시点]|uhr\b|h\b|h\d|[ap]\.?\s?m\b)|\d{12}|^\d{9,10}$'), false);
-- has_time: whether a time of day was read. NULL, as for articles of earlier versions and what listings
-- print: a moment other than 00:00 UTC, or one that was printed with a time of day.
CREATE OR REPLACE TEMP MACRO precision_of(moment, raw, has_time) AS
    CASE WHEN moment IS NULL THEN NULL
         WHEN NOT coalesce(has_time, epoch_us(moment) % 86_400_000_000 <> 0 OR prints_time(raw))
             THEN 'day'
         WHEN epoch_us(moment) % 60_000_000 <> 0 OR coalesce(regexp_matches(raw,
              '(?i)\d\s?[:：]\s?\d\d\s?[:：]\s?\d\d|T\d{6}|[秒초]|\d{13}|^\d{9,10}$'), false)
             THEN 'second'
         ELSE 'minute' END;
CREATE OR REPLACE TEMP MACRO local_date(moment, raw, has_time, zone) AS
    if(precision_of(moment, raw, has_time) = 'day', utc_day(moment), day_of_local(moment, zone));
-- At least 70 % of the shingles of the shorter text are in the other, and they are not too unlike.
CREATE OR REPLACE TEMP MACRO is_nearly_same(jaccard, shingles, other_shingles) AS
    jaccard >= 0.3 AND jaccard / (1 + jaccard) * (shingles + other_shingles)
        >= 0.7 * least(shingles, other_shingles);
CREATE OR REPLACE TEMP MACRO common_hours(from_1, until_1, from_2, until_2, from_3, until_3) AS
    overlap_hours(greatest(from_1, from_2), least(until_1, until_2), from_3, until_3);
CREATE OR REPLACE TEMP MACRO lost_within(lost_by_day, gap_from, gap_until, begins_at, ends_at) AS
    list_sum([
        lost.entries * coalesce(
            common_hours(gap_from, gap_until, start_of(lost.day, 'UTC'),
                         start_of(lost.day + 1, 'UTC'), begins_at, ends_at)
            / nullif(overlap_hours(gap_from, gap_until, start_of(lost.day, 'UTC'),
                                   start_of(lost.day + 1, 'UTC')), 0), 1)
        FOR lost IN lost_by_day
        IF start_of(lost.day, 'UTC') = begins_at
        OR common_hours(gap_from, gap_until, start_of(lost.day, 'UTC'),
                        start_of(lost.day + 1, 'UTC'), begins_at, ends_at) > 0
    ]);
CREATE OR REPLACE TEMP MACRO smoothed_rate(entries, hours, usual_rate) AS
    (entries + 2) * usual_rate / (hours * usual_rate + 2);
CREATE OR REPLACE TEMP MACRO days_between(first, last) AS
    generate_series(first, last, INTERVAL 1 DAY)::DATE[];
