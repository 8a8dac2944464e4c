-- Grain: one reading of a listing that reached back over whole days.
CREATE TABLE IF NOT EXISTS listing_reaches (
    capture_id UUID,
    source_id  VARCHAR,
    oldest_day DATE,
    read_day   DATE
);

COMMENT ON TABLE listing_reaches IS
    'Readings of listings from which a page of an earlier day was then fetched, other days lying between: an empty day between them is a true zero.';
COMMENT ON COLUMN listing_reaches.capture_id IS 'Capture of the listing';
COMMENT ON COLUMN listing_reaches.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN listing_reaches.oldest_day IS
    'UTC day, as the listing dates it, of the oldest page fetched from it; older than a week does not count';
COMMENT ON COLUMN listing_reaches.read_day IS 'UTC day of the reading';
