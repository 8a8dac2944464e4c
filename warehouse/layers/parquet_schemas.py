"""The Arrow schemas of staged rows and of the Parquet layer."""

import pyarrow as pa

UTC_TIME = pa.timestamp("us", tz="UTC")


def _fields(kind: pa.DataType, *names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, kind) for name in names]


def _strings(*names: str) -> list[tuple[str, pa.DataType]]:
    return _fields(pa.string(), *names)


# One row per article version. In the Parquet files `published_date` is the folder's key, and
# `version_no` and `first_seen_at` are set when the row is partitioned.
ARTICLE_SCHEMA = pa.schema(
    [
        ("article_id", pa.uuid()),
        ("version_no", pa.int32()),
        *_strings("source_id", "url_requested", "url_final", "url_canonical"),
        *_strings("kicker", "headline", "standfirst", "byline"),
        ("authors", pa.list_(pa.string())),
        *_strings("dateline", "body"),
        ("captions", pa.list_(pa.string())),
        ("section", pa.string()),
        ("word_count", pa.int32()),
        *_strings("language", "language_source"),
        ("published_at", UTC_TIME),
        ("published_at_raw", pa.string()),
        ("published_has_time", pa.bool_()),
        ("published_source", pa.string()),
        ("published_date", pa.date32()),
        *_fields(UTC_TIME, "modified_at", "first_seen_at", "fetched_at"),
        ("access", pa.string()),
        ("is_truncated", pa.bool_()),
        ("doubt", pa.string()),
        ("prompt_chars_removed", pa.int32()),
        *_strings("body_sha256", "page_sha256"),
        ("shingles", pa.int32()),
        ("minhash", pa.binary()),
        ("minhash_bands", pa.list_(pa.uint32())),
        ("rights", pa.struct(_strings("notice", "tdm_reservation"))),
        *_strings("raw_ref", "extractor_version", "run_id"),
        ("capture_id", pa.uuid()),
    ]
)

STRIPPED_SCHEMA = pa.schema(
    [
        ("article_id", pa.uuid()),
        *_fields(pa.int32(), "version_no", "position"),
        *_strings("kind", "rule", "text"),
        ("in_article", pa.bool_()),
        ("capture_id", pa.uuid()),
        ("run_id", pa.string()),
    ]
)

LISTING = pa.struct(
    [
        ("kind", pa.string()),
        *_fields(pa.int32(), "entries", "known", "added"),
        ("is_continued", pa.bool_()),
        *_fields(UTC_TIME, "oldest_at", "newest_at", "window_from"),
        ("window_entries", pa.int32()),
        ("previous_read_at", UTC_TIME),
        ("most_entries", pa.int32()),
        ("longest_window", pa.float64()),
        ("before_window", pa.int32()),
        ("feed_share", pa.float64()),
    ]
)

CAPTURE_SCHEMA = pa.schema(
    [
        ("capture_id", pa.uuid()),
        *_strings("run_id", "source_id", "kind", "url_requested", "url_final", "found_in"),
        *_strings("outcome", "detail"),
        ("attempted_at", UTC_TIME),
        ("seconds", pa.float64()),
        ("http_status", pa.int32()),
        *_strings("content_type", "etag", "last_modified"),
        ("payload_bytes", pa.int64()),
        *_strings("payload_sha256", "entry_headline", "entry_published_raw"),
        ("entry_published_at", UTC_TIME),
        *_strings("given_url", "raw_ref"),
        ("article_id", pa.uuid()),
        ("version_no", pa.int32()),
        ("listing", LISTING),
        ("prose_words", pa.int32()),
        ("published_ahead_at", UTC_TIME),
        ("obtained_from", pa.string()),
    ]
)

# Offsets are in code points of the field; for captions, of the captions joined by a newline.
MENTION_SCHEMA = pa.schema(
    [
        ("article_id", pa.uuid()),
        ("version_no", pa.int32()),
        ("topic_id", pa.string()),
        ("topic_version", pa.int32()),
        *_strings("alias", "field"),
        *_fields(pa.int32(), "sentence_no", "paragraph_no", "char_start", "char_end"),
        *_strings("matched_text", "context_left", "context_right"),
    ]
)
