"""Build an article's row from its extracted page and its capture."""

import hashlib
import unicodedata
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tasks.model import Capture, CaptureKind, Extraction, PageText
from tasks.text.control_characters import quoted_controls, without_controls
from tasks.text.declared_urls import canonical
from tasks.text.html_tree import one_line
from tasks.text.printed_times import has_time, instant_in
from tasks.text.sentence_split import word_count
from tasks.text.text_sketches import sketch
from tasks.text.urls import article_id, is_http

# A date further ahead of the page's capture is ignored until that day has come.
MAX_AHEAD = timedelta(hours=48)
MIN_COMPARED_WORDS = 40  # Shorter texts are similar by chance
NOT_PROMPTS = frozenset({"related", "share", "furniture"})
# Rules that remove text that would have been kept, also at the article's end.
ALWAYS_RECORDED = frozenset({"source:strip", "site:recurring"})
Row = dict[str, Any]


def by_clock_of_source(capture: Capture, timezone: str) -> Capture:
    """The capture, with the time of its listing or FILE.meta.json in the source's time zone."""
    raw = capture.entry_published_raw
    if not raw:
        return capture
    at = instant_in(raw, timezone) or capture.entry_published_at
    return replace(capture, entry_published_at=at)


def article_row(extraction: Extraction, capture: Capture, *, extractor_version: str) -> Row:
    """The row under ARTICLE_SCHEMA of an extraction with outcome ARTICLE.

    Still None are `version_no`, `first_seen_at`, and `page_sha256`, which needs the site.
    """
    page = extraction.page
    if page is None:
        raise ValueError(f"{extraction.outcome} is no article")
    url = canonical_url(page, capture)
    prompts = [block for block in extraction.stripped if block.kind not in NOT_PROMPTS]
    return {
        "article_id": article_id(url),
        "version_no": None,
        "first_seen_at": None,
        "page_sha256": None,
        "source_id": capture.source_id,
        "url_requested": quoted_controls(capture.url_requested),
        "url_final": quoted_controls(capture.url_final),
        "url_canonical": url,
        "fetched_at": capture.attempted_at,
        "raw_ref": capture.raw_ref,
        "run_id": capture.run_id,
        "capture_id": capture.capture_id,
        "extractor_version": extractor_version,
        **_text_columns(page, _line(page.headline) or _line(capture.entry_headline)),
        **_times(page, capture),
        "language": page.language,
        "language_source": page.language_source,
        "access": page.access,
        "is_truncated": page.is_truncated,
        "doubt": _line(page.doubt) or None,
        "prompt_chars_removed": sum(len(block.text) for block in prompts),
        "rights": {
            "notice": _line(page.rights_notice) or None,
            "tdm_reservation": _line(page.tdm_reservation) or None,
        },
    }


def capture_row(capture: Capture) -> Row:
    """The row under CAPTURE_SCHEMA of a capture; `etag` and `last_modified` stay as they came."""
    row = asdict(capture)
    for name in ("url_requested", "url_final", "found_in", "given_url"):
        row[name] = row[name] and quoted_controls(row[name])
    for name in ("detail", "content_type", "entry_headline", "entry_published_raw"):
        row[name] = row[name] and without_controls(row[name])
    return row


def published_ahead_at(page: PageText, capture: Capture) -> datetime | None:
    """The earliest stated publication time, if all are too far ahead of the capture; else None."""
    stated = (page.published_at, capture.entry_published_at)
    earliest = min((at for at in stated if at), default=None)
    is_ahead = earliest is not None and earliest > capture.attempted_at + MAX_AHEAD
    return earliest if is_ahead else None


def stripped_rows(extraction: Extraction, capture: Capture, article_id: UUID) -> list[Row]:
    """A row for each prompt, and for each other block removed from the article."""
    return [
        {
            "article_id": article_id,
            "version_no": None,
            "position": block.position,
            "kind": block.kind,
            "rule": block.rule,
            "text": _storable(block.text),
            "in_article": block.in_article,
            "capture_id": capture.capture_id,
            "run_id": capture.run_id,
        }
        for block in extraction.stripped
        if block.kind not in NOT_PROMPTS or block.in_article or block.rule in ALWAYS_RECORDED
    ]


def canonical_url(page: PageText, capture: Capture) -> str:
    """The URL that identifies an article; a URN of the content for a saved file without a URL."""
    if capture.kind is not CaptureKind.FILE:
        return canonical(page.declared_url, capture.url_final)
    if capture.given_url:
        return canonical(page.declared_url, capture.given_url)
    url = canonical(page.declared_url, capture.url_final)
    return url if is_http(url) else f"urn:sha256:{capture.payload_sha256 or ''}"


def body_sha256(headline: str, standfirst: str | None, body: str) -> str:
    """Hash of headline, standfirst and body, ignoring spacing and the composition of accents."""
    text = "\n".join(" ".join(part.split()) for part in (headline, standfirst or "", body))
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def sketched(body: str, words: int) -> Row:
    """The columns by which copies of a text of `words` words are found; None for a short text."""
    found = sketch(body) if words >= MIN_COMPARED_WORDS else None
    return {
        "shingles": found and found.shingles,
        "minhash": found and found.bits,
        "minhash_bands": found and list(found.bands),
    }


def _text_columns(page: PageText, headline: str) -> Row:
    body = _storable("\n\n".join(page.paragraphs))
    words, standfirst = word_count(body), _line(page.standfirst) or None
    return {
        "kicker": _line(page.kicker) or None,
        "headline": headline,
        "standfirst": standfirst,
        "byline": _line(page.byline) or None,
        "authors": [_line(name) for name in page.authors],
        "dateline": _line(page.dateline) or None,
        "body": body,
        "captions": [" ".join(_storable(text).splitlines()).strip() for text in page.captions],
        "section": _line(page.section) or None,
        "word_count": words,
        "body_sha256": body_sha256(headline, standfirst, body),
    } | sketched(body, words)


def _times(page: PageText, capture: Capture) -> Row:
    is_file, latest = capture.kind is CaptureKind.FILE, capture.attempted_at + MAX_AHEAD
    entry_raw = capture.entry_published_raw
    entry_has_time = has_time(entry_raw) if entry_raw else None
    entry = (capture.entry_published_at, entry_raw, entry_has_time, "given" if is_file else "feed")
    own_raw = page.published_raw or entry_raw
    own = (page.published_at, own_raw, page.published_has_time, page.published_source)
    # For a saved file, a time given by a person wins. The capture time is never a substitute.
    stated = (entry, own) if is_file else (own, entry)
    usable = (found for found in stated if found[0] is not None and found[0] <= latest)
    at, raw, is_timed, source = next(usable, (None, own_raw, None, "none"))
    at = at and at.astimezone(UTC)
    modified = page.modified_at
    return {
        "published_at": at,
        "published_at_raw": _line(raw) or None,
        "published_has_time": is_timed,
        "published_source": source,
        "published_date": at and at.date(),
        "modified_at": modified if modified and modified <= latest else None,
    }


def _line(text: str | None) -> str:
    return one_line(_storable(text or ""))


def _storable(text: str) -> str:
    """The text without half surrogate pairs, which UTF-8 refuses, and control characters."""
    return without_controls(text).encode("utf-8", "replace").decode("utf-8")
