"""The Arrow schemas of staged rows and of the Parquet layer."""

import pyarrow as pa

UTC_TIME = pa.timestamp("us", tz="UTC")

# One row an article version. In the Parquet files `published_date` is the folder's key, and
# `version_no` and `first_seen_at` are set when the row is partitioned.
ARTICLE_SCHEMA = pa.schema(
    [
        ("article_id", pa.uuid()),
        ("version_no", pa.int32()),
        ("source_id", pa.string()),
        ("url_requested", pa.string()),
        ("url_final", pa.string()),
        ("url_canonical", pa.string()),
        ("kicker", pa.string()),
        ("headline", pa.string()),
        ("standfirst", pa.string()),
        ("byline", pa.string()),
        ("authors", pa.list_(pa.string())),
        ("dateline", pa.string()),
        ("body", pa.string()),
        ("captions", pa.list_(pa.string())),
        ("section", pa.string()),
        ("word_count", pa.int32()),
        ("language", pa.string()),
        ("language_source", pa.string()),
        ("published_at", UTC_TIME),
        ("published_at_raw", pa.string()),
        ("published_source", pa.string()),
        ("published_date", pa.date32()),
        ("modified_at", UTC_TIME),
        ("first_seen_at", UTC_TIME),
        ("fetched_at", UTC_TIME),
        ("access", pa.string()),
        ("is_truncated", pa.bool_()),
        ("prompt_chars_removed", pa.int32()),
        ("body_sha256", pa.string()),
        ("page_sha256", pa.string()),
        ("shingles", pa.int32()),
        ("minhash", pa.binary()),
        ("minhash_bands", pa.list_(pa.uint32())),
        ("rights", pa.struct([("notice", pa.string()), ("tdm_reservation", pa.string())])),
        ("raw_ref", pa.string()),
        ("extractor_version", pa.string()),
        ("run_id", pa.string()),
        ("capture_id", pa.uuid()),
    ]
)

STRIPPED_SCHEMA = pa.schema(
    [
        ("article_id", pa.uuid()),
        ("version_no", pa.int32()),
        ("position", pa.int32()),
        ("kind", pa.string()),
        ("rule", pa.string()),
        ("text", pa.string()),
        ("in_article", pa.bool_()),
        ("capture_id", pa.uuid()),
        ("run_id", pa.string()),
    ]
)

CAPTURE_SCHEMA = pa.schema(
    [
        ("capture_id", pa.uuid()),
        ("run_id", pa.string()),
        ("source_id", pa.string()),
        ("kind", pa.string()),
        ("url_requested", pa.string()),
        ("url_final", pa.string()),
        ("found_in", pa.string()),
        ("outcome", pa.string()),
        ("detail", pa.string()),
        ("attempted_at", UTC_TIME),
        ("seconds", pa.float64()),
        ("http_status", pa.int32()),
        ("content_type", pa.string()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("payload_bytes", pa.int64()),
        ("payload_sha256", pa.string()),
        ("entry_headline", pa.string()),
        ("entry_published_raw", pa.string()),
        ("entry_published_at", UTC_TIME),
        ("given_url", pa.string()),
        ("raw_ref", pa.string()),
        ("article_id", pa.uuid()),
        ("version_no", pa.int32()),
    ]
)

# Offsets are in code points of the field; for captions, of the captions joined by a newline.
MENTION_SCHEMA = pa.schema(
    [
        ("article_id", pa.uuid()),
        ("version_no", pa.int32()),
        ("topic_id", pa.string()),
        ("topic_version", pa.int32()),
        ("alias", pa.string()),
        ("field", pa.string()),
        ("sentence_no", pa.int32()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("matched_text", pa.string()),
        ("context_left", pa.string()),
        ("context_right", pa.string()),
    ]
)
