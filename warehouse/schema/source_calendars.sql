-- Grain: one watched source of which a day is known.
CREATE TABLE IF NOT EXISTS source_calendars (
    source_id VARCHAR,
    first_day DATE,
    last_day  DATE
);

COMMENT ON TABLE source_calendars IS
    'The days that coverage and topic_daily have of each source: from the first to the last on which an article of it was published, a page of it counts or a listing of it was asked for.';
COMMENT ON COLUMN source_calendars.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN source_calendars.first_day IS 'First UTC day';
COMMENT ON COLUMN source_calendars.last_day IS 'Last UTC day';
