"""Saved pages: found by globs, read, with the metadata of FILE.meta.json or their browser."""

import errno
import glob
import gzip
import hashlib
import io
import json
import os
import time
import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from tasks.collect.listings.browser_saves import (
    HEAD_BYTES,
    MAX_AHEAD,
    BrowserSave,
    is_resource,
    read_mhtml_save,
    read_page_save,
)
from tasks.collect.listings.feeds_and_sitemaps import unreadable
from tasks.model import Attempt, CaptureKind, Entry, Failure, Outcome
from tasks.text.dates import EARLIEST_YEAR
from tasks.text.printed_times import instant, instant_in
from tasks.text.urls import is_http

GZIP_MAGIC = b"\x1f\x8b"

# A page with its images, as browsers save it in one file. It is archived whole: which part is the
# page is a judgement (frames are HTML, too), and a better one has to apply to all history.
_MHTML = "multipart/related"
_PAGE_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
    ".mhtml": _MHTML,
    ".mht": _MHTML,
}
# Times the limit on pages: the images of an MHTML file are archived with its page.
_MHTML_LIMIT = 3
_META_KEYS = frozenset({"url", "published_at", "fetched_at"})
_MAX_META_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class _Meta:
    url: str | None = None
    published_raw: str | None = None
    published_at: datetime | None = None
    fetched_at: datetime | None = None
    wrong: str = ""  # why the file is invalid: its name, the key and the reason


def find_files(globs: Sequence[str], *, allow_private: bool = False) -> list[Entry]:
    """The saved pages that match globs, each once, sorted by path.

    Entries have the metadata of FILE.meta.json, else what the browser wrote into the file: URL and
    time. A URL of a private host counts only with `allow_private`. An invalid FILE.meta.json is
    reported when the page is read. Frames that a browser saved beside a page are left out.
    """
    entries = []
    for path, pattern in sorted(_paths(globs).items()):
        meta, own = _meta(path), _browser_save(path, allow_private=allow_private)
        url, fetched_at = meta.url or own.url, meta.fetched_at or own.saved_at
        published = (meta.published_raw, meta.published_at)
        entries.append(Entry(path.as_uri(), pattern, None, *published, url, fetched_at))
    return entries


def has_new_file(
    globs: Sequence[str], read_since: Mapping[str, datetime | None], digests: Collection[str]
) -> bool:
    """Whether a file is new, or is not as it was last read.

    `read_since` is when the run that last read a file began, by its URL; `digests` are those of all
    files as they were last read.
    """
    # A file is read only if it, or its FILE.meta.json, was written, moved or renamed since then.
    for path in _paths(globs):
        begun = read_since.get(path.as_uri())
        if (begun is None or _has_changed(path, begun)) and _digest(path) not in digests:
            return True
    return False


def _has_changed(path: Path, since: datetime) -> bool:
    times = []
    for file in (path, _meta_path(path)):
        # Most files have no FILE.meta.json, some a name too long for one; others go meanwhile.
        with suppress(OSError):
            times.append(file.stat().st_ctime)
    return max(times, default=0.0) >= since.timestamp()


def _digest(path: Path) -> str:
    """A digest of a file and its FILE.meta.json."""
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


def _paths(globs: Sequence[str]) -> dict[Path, str]:
    """The files that match, each with the first glob that it matches."""
    found: dict[Path, str] = {}
    for pattern in globs:
        target = Path(os.path.normpath(Path(pattern).absolute()))
        root = Path(target.anchor)
        for path in root.glob(str(target.relative_to(root))):
            is_named = pattern in (str(path), glob.escape(str(path)))
            if _page_type(path) and path.is_file() and (is_named or not is_resource(path)):
                found.setdefault(path, pattern)
    return found


def read_file(entry: Entry, max_bytes: int) -> Attempt:
    """Read one saved page as it is; TOO_LARGE if it has more than `max_bytes`, decompressed.

    MHTML may have three times as many. The attempt's `etag` is a digest of the file and its
    FILE.meta.json, even when these are invalid.
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
    try:
        _refuse_if_ahead(path, entry, attempt.attempted_at)
        payload = _read_content(path, max_bytes)
    except Failure as failure:
        # A file name can be any bytes, and JSON can contain half a surrogate pair.
        detail = failure.detail.encode("utf-8", "backslashreplace").decode()
        attempt = replace(attempt, outcome=failure.outcome, detail=detail)
    else:
        refused = "" if entry.given_url else _browser_save(path, allow_private=False).refused
        attempt = replace(attempt, payload=payload, detail=refused)
    return replace(attempt, seconds=time.perf_counter() - started)


def gunzipped(data: bytes, max_bytes: int) -> bytes:
    """Decompress up to `max_bytes`; raises a Failure, LISTING_UNREADABLE or TOO_LARGE."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(f"broken gzip: {error}") from None
    if len(content) > max_bytes:
        raise _too_large(max_bytes)
    return content


def _page_type(path: Path) -> str | None:
    return _PAGE_TYPES.get(Path(path.name.lower().removesuffix(".gz")).suffix)


def _read_content(path: Path, max_bytes: int) -> bytes:
    if wrong := _meta(path).wrong:
        raise Failure(Outcome.UNREADABLE_FILE, wrong)
    most = max_bytes * (_MHTML_LIMIT if _page_type(path) == _MHTML else 1)
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise Failure(Outcome.UNREADABLE_FILE, f"{path.name}: {error.strerror}") from None
    if len(data) > most:
        raise _too_large(most)
    if path.suffix.lower() != ".gz":
        return data
    try:
        return gunzipped(data, most)
    except Failure as failure:
        if failure.outcome is Outcome.TOO_LARGE:
            raise
        raise Failure(Outcome.UNREADABLE_FILE, f"{path.name}: {failure.detail}") from None


def _too_large(max_bytes: int) -> Failure:
    return Failure(Outcome.TOO_LARGE, f"more than {max_bytes} bytes, decompressed")


def _meta_path(path: Path) -> Path:
    return path.with_name(path.name + ".meta.json")


def _meta(path: Path) -> _Meta:
    meta_path = _meta_path(path)
    try:
        with meta_path.open("rb") as file:
            values = json.loads(file.read(_MAX_META_BYTES))
        return _checked_meta(values)
    except OSError as error:
        # There can be no such file where the page's own name is nearly as long as names may be.
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
            return _Meta()
        return _Meta(wrong=f"{meta_path.name}: {error.strerror}")
    except (ValueError, RecursionError) as error:
        return _Meta(wrong=f"{meta_path.name}: {error}")


def _browser_save(path: Path, *, allow_private: bool) -> BrowserSave:
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        read = read_mhtml_save if _page_type(path) == _MHTML else read_page_save
        return read(head, allow_private=allow_private)
    except (OSError, EOFError, ValueError, LookupError, RecursionError, zlib.error):
        return BrowserSave()  # an unreadable file is reported when the page is read


def _is_iso(printed: str) -> bool:
    """Whether a date or time is in the form of ISO 8601, and can be read in a source's zone."""
    try:
        datetime.fromisoformat(printed)
    except ValueError:
        return False
    return (instant(printed) or instant_in(printed, "UTC")) is not None


def _refuse_if_ahead(path: Path, entry: Entry, saved_at: datetime) -> None:
    """Raises a Failure if FILE.meta.json gives a time that is too late to be used."""
    given = entry.published_raw or ""
    # MAX_AHEAD is more than any zone differs from UTC.
    at = entry.published_at or instant_in(given, "UTC")
    if at and at > saved_at + MAX_AHEAD:
        wrong = f"must not lie in the future, nor after the page was saved, got {given!r}"
        name = _meta_path(path).name
        raise Failure(Outcome.UNREADABLE_FILE, f"{name}: published_at: {wrong}")


def _checked_meta(values: object) -> _Meta:
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
    if published is not None and not _is_iso(published):
        wanted = f"an ISO date or time, with a zone before {EARLIEST_YEAR}"
        raise ValueError(f"published_at: must be {wanted}, got {published!r}")
    fetched_at = instant(fetched) if fetched is not None else None
    if fetched is not None and fetched_at is None:
        raise ValueError(f"fetched_at: must be an ISO time with a zone, got {fetched!r}")
    if fetched_at and fetched_at > datetime.now(UTC) + MAX_AHEAD:
        raise ValueError(f"fetched_at: must not lie in the future, got {fetched!r}")
    return _Meta(url, published, instant(published) if published else None, fetched_at)
