-- Grain: one read of a listing that reached back over whole days.
CREATE OR REPLACE VIEW listing_reaches AS
SELECT capture_id, source_id, (covers_from AT TIME ZONE 'UTC')::DATE AS oldest_day,
       (read_at AT TIME ZONE 'UTC')::DATE AS read_day
FROM listing_reads
WHERE oldest_day < read_day - 1;

COMMENT ON VIEW listing_reaches IS
    'The reads of listing_reads that cover whole days before them; goes in 0.3.';
COMMENT ON COLUMN listing_reaches.capture_id IS 'Capture of the listing';
COMMENT ON COLUMN listing_reaches.source_id IS 'Id of the source, as in sources';
COMMENT ON COLUMN listing_reaches.oldest_day IS 'UTC day from which on it covers everything';
COMMENT ON COLUMN listing_reaches.read_day IS 'UTC day on which it was read';
