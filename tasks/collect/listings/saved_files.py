"""Saved pages: found by globs, read, with the metadata of FILE.meta.json or their browser."""

import email
import gzip
import hashlib
import io
import json
import os
import re
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from tasks.collect.listings.feeds_and_sitemaps import NoListing, instant, unreadable
from tasks.model import Attempt, CaptureKind, Entry, Outcome
from tasks.text.urls import is_http

GZIP_MAGIC = b"\x1f\x8b"

_MHTML = "multipart/related"  # a page with its images, as browsers save it in one file
_PAGE_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
    ".mhtml": _MHTML,
    ".mht": _MHTML,
}
# <!-- saved from url=(0042)https://courier.example/... -->, which browsers write before <html>; the
# page itself may have such comments before it.
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d+\)(\S+?) -->\s*<html\b", re.IGNORECASE)
_HEAD_BYTES = 65_536
# Quoted-printable takes up to three characters for a byte. Images come after the page.
_MHTML_EXPANSION = 3
_META_KEYS = frozenset({"url", "published_at", "fetched_at"})
_MOST_META = 100_000
# The clock of the machine that saved a page may be ahead of this one's.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Meta:
    url: str | None = None
    published_raw: str | None = None
    published_at: datetime | None = None
    fetched_at: datetime | None = None
    wrong: str = ""  # why the file is invalid: its name, the key and the reason


def find_files(globs: Sequence[str]) -> list[Entry]:
    """The saved pages that match globs, each once, sorted by path.

    Entries have the metadata of FILE.meta.json, else what the browser wrote into the file: URL and
    time. An invalid FILE.meta.json is reported when the page is read.
    """
    found = _paths(globs)
    entries = []
    for path in sorted(found):
        meta, own = _meta(path), _browser_meta(path)
        url, fetched_at = meta.url or own.url, meta.fetched_at or own.fetched_at
        known = (meta.published_raw, meta.published_at, url, fetched_at)
        entries.append(Entry(path.as_uri(), found[path], None, *known))
    return entries


def last_change(globs: Sequence[str]) -> datetime | None:
    """When a file that matches, or its FILE.meta.json, was last written, moved or renamed."""
    files = [file for path in _paths(globs) for file in (path, _meta_path(path)) if file.exists()]
    times = [datetime.fromtimestamp(file.stat().st_ctime, UTC) for file in files]
    return max(times, default=None)


def _paths(globs: Sequence[str]) -> dict[Path, str]:
    """The files that match, each with the first glob that it does."""
    found: dict[Path, str] = {}
    for pattern in globs:
        target = Path(os.path.normpath(Path(pattern).absolute()))
        root = Path(target.anchor)
        for path in root.glob(str(target.relative_to(root))):
            if _page_type(path) and path.is_file():
                found.setdefault(path, pattern)
    return found


def read_file(entry: Entry, max_bytes: int) -> Attempt:
    """Read one saved page, of at most `max_bytes` after decompression.

    The attempt's `etag` is a digest of the file and its FILE.meta.json, also of invalid ones.
    """
    path = Path(os.fsdecode(unquote_to_bytes(urlsplit(entry.url).path)))
    started = time.perf_counter()
    attempt = Attempt(
        kind=CaptureKind.FILE,
        url_requested=entry.url,
        url_final=entry.url,
        outcome=Outcome.FETCHED,
        attempted_at=entry.given_fetched_at or datetime.now(UTC),
        seconds=0.0,
        content_type=_page_type(path) or "",
        etag=_digest(path),
    )
    read = _content(path, max_bytes)
    if attempt.content_type == _MHTML and not isinstance(read, NoListing):
        read, content_type = _html_of(read, max_bytes)
        attempt = replace(attempt, content_type=content_type)
    seconds = time.perf_counter() - started
    if isinstance(read, NoListing):
        # A file name can be any bytes, and JSON can contain half a surrogate pair.
        detail = read.detail.encode("utf-8", "backslashreplace").decode()
        return replace(attempt, outcome=read.outcome, detail=detail, seconds=seconds)
    return replace(attempt, payload=read, seconds=seconds)


def gunzipped(data: bytes, max_bytes: int) -> bytes | NoListing:
    """Decompress up to `max_bytes`."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        return unreadable(f"broken gzip: {error}")
    return content if len(content) <= max_bytes else _too_large(max_bytes)


def _page_type(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    return _PAGE_TYPES.get(Path(name).suffix)


def _content(path: Path, max_bytes: int) -> bytes | NoListing:
    if wrong := _meta(path).wrong:
        return NoListing(Outcome.UNREADABLE_FILE, wrong)
    is_mhtml = _page_type(path) == _MHTML
    most = max_bytes * _MHTML_EXPANSION if is_mhtml else max_bytes
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        return NoListing(Outcome.UNREADABLE_FILE, f"{path.name}: {error.strerror}")
    if len(data) > most and not is_mhtml:
        return _too_large(max_bytes)
    if path.suffix.lower() != ".gz":
        return data
    unpacked = gunzipped(data, most)
    if isinstance(unpacked, NoListing) and unpacked.outcome is Outcome.LISTING_UNREADABLE:
        return NoListing(Outcome.UNREADABLE_FILE, f"{path.name}: {unpacked.detail}")
    return unpacked


def _html_of(mhtml: bytes, max_bytes: int) -> tuple[bytes | NoListing, str]:
    """The page of an MHTML file, its first text/html part, and its content type."""
    try:
        for part in email.message_from_bytes(mhtml).walk():
            page = part.get_payload(decode=True)  # None for a part of parts
            if isinstance(page, bytes) and part.get_content_type() == "text/html":
                charset = part.get_content_charset()
                content_type = f"text/html; charset={charset}" if charset else "text/html"
                return page if len(page) <= max_bytes else _too_large(max_bytes), content_type
    except (ValueError, LookupError, RecursionError) as error:
        return NoListing(Outcome.UNREADABLE_FILE, f"broken MHTML: {error}"), _MHTML
    return NoListing(Outcome.UNREADABLE_FILE, "MHTML without an HTML part"), _MHTML


def _too_large(max_bytes: int) -> NoListing:
    return NoListing(Outcome.TOO_LARGE, f"more than {max_bytes} bytes, decompressed")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for part in (path, _meta_path(path)):
        try:
            with part.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except FileNotFoundError:
            continue
        except OSError as error:
            digest.update(f"{part}: {error.strerror}".encode("utf-8", "replace"))
    return digest.hexdigest()


def _meta_path(path: Path) -> Path:
    return path.with_name(path.name + ".meta.json")


def _meta(path: Path) -> _Meta:
    meta_path = _meta_path(path)
    try:
        with meta_path.open("rb") as file:
            values = json.loads(file.read(_MOST_META))
        return _checked(values)
    except FileNotFoundError:
        return _Meta()
    except OSError as error:
        return _Meta(wrong=f"{meta_path.name}: {error.strerror}")
    except (ValueError, RecursionError) as error:
        return _Meta(wrong=f"{meta_path.name}: {error}")


def _browser_meta(path: Path) -> _Meta:
    """What a browser wrote into a page that it saved: its URL, in MHTML the time as well."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if _page_type(path) != _MHTML:
            found = _SAVED_FROM.search(head)
            # Chrome writes -%2D for --, which would end the comment.
            url = found[1].decode("ascii").replace("-%2D", "--") if found else ""
            return _Meta(url if is_http(url) else None)
        mhtml = email.message_from_bytes(head)
        located = (part["Content-Location"] for part in mhtml.walk())
        urls = (str(url).strip() for url in (mhtml["Snapshot-Content-Location"], *located))
        # Chrome writes -0000 for UTC.
        saved_at = instant(str(mhtml["Date"]).replace("-0000", "+0000"))
        is_past = saved_at is not None and saved_at <= datetime.now(UTC) + _AHEAD
        return _Meta(next(filter(is_http, urls), None), fetched_at=saved_at if is_past else None)
    except (OSError, EOFError, ValueError, RecursionError, zlib.error):
        return _Meta()  # an unreadable file is reported when the page is read


def _checked(values: object) -> _Meta:
    if not isinstance(values, dict):
        raise ValueError("must be a JSON object")
    for key, value in values.items():
        if key not in _META_KEYS:
            raise ValueError(f"{key}: unknown key")
        if not isinstance(value, str):
            raise ValueError(f"{key}: must be a string")
    url, published, fetched = (values.get(key) for key in ("url", "published_at", "fetched_at"))
    if url is not None and not is_http(url):
        raise ValueError(f"url: must be an http(s) URL, got {url!r}")
    if published is not None:
        try:
            datetime.fromisoformat(published)
        except ValueError:
            wrong = f"published_at: must be an ISO date or time, got {published!r}"
            raise ValueError(wrong) from None
    fetched_at = instant(fetched) if fetched is not None else None
    if fetched is not None and fetched_at is None:
        raise ValueError(f"fetched_at: must be an ISO time with a zone, got {fetched!r}")
    if fetched_at and fetched_at > datetime.now(UTC) + _AHEAD:
        raise ValueError(f"fetched_at: must not lie in the future, got {fetched!r}")
    return _Meta(url, published, instant(published) if published else None, fetched_at)
