"""Shows which parts of saved pages are kept, which are stripped, and why."""

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tasks.archive.any_responses import address_of, page_record, read_response
from tasks.archive.read import is_own, read_capture
from tasks.archive.warc_files import WarcPath, warc_at
from tasks.collect.listings import find_files, read_file
from tasks.extract import extract_page
from tasks.model import Extraction, Outcome, PageText
from tasks.process_pool import PagePool
from tasks.refine.refine_pages import Origin
from tasks.settings import Limits
from tasks.sources.source import Source
from tasks.text.control_characters import without_controls
from warehouse.store.objects import SCHEME

Record = dict[str, Any]


def as_record(found: Extraction) -> Record:
    """A page as a JSON object: the article's fields, `stripped` and `rejection`.

    Control characters are removed, as in stored rows.
    """
    is_rejected = found.outcome is not Outcome.ARTICLE
    reason = f"{found.outcome}: {found.detail}".rstrip(": ") if is_rejected else None
    stripped = [
        {"text": block.text, "kind": block.kind, "rule": block.rule, "position": block.position}
        for block in found.stripped
    ]
    page = found.page or PageText("", ())
    record = {
        "headline": page.headline or None,
        "kicker": page.kicker,
        "standfirst": page.standfirst,
        "byline": page.byline,
        "authors": list(page.authors),
        "dateline": page.dateline,
        "published_at": page.published_at and page.published_at.isoformat(),
        "published_source": page.published_source,
        "modified_at": page.modified_at and page.modified_at.isoformat(),
        "section": page.section,
        "language": page.language,
        "access": page.access,
        "is_truncated": page.is_truncated,
        "doubt": page.doubt,
        "captions": list(page.captions),
        "body": "\n\n".join(page.paragraphs),
        "stripped": stripped,
        "rejection": reason,
    }
    return {name: _clean(value) for name, value in record.items()}


def _clean(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    return without_controls(value) if isinstance(value, str) else value


def explain(
    paths: Iterable[Path],
    url: str | None,
    limits: Limits,
    pool: PagePool,
    source: Source | None = None,
) -> Iterator[tuple[Path, Record]]:
    """Extract saved pages one by one, in the given order."""
    submitted = ((path, pool.submit(explain_file, path, url, limits, source)) for path in paths)
    for path, extraction in pool.in_order(submitted):
        if extraction:
            yield path, as_record(extraction)


def explain_file(
    path: Path, url: str | None, limits: Limits, source: Source | None = None
) -> Extraction:
    """Extract one saved page under `url`, else the URL that FILE.meta.json or its browser gives.

    `PATH#OFFSET` is a page of an archive file, of any WARC file. A file that cannot be read is a
    rejection. Language, time zone, `strip` and `keep` are those of the source.
    """
    if archive := archive_of(path):
        try:
            found_page = _archived_page(*archive, limits.max_bytes)
        except (OSError, ValueError) as error:
            return Extraction(Outcome.UNREADABLE_FILE, str(error))
        if isinstance(found_page, Extraction):
            return found_page
        payload, content_type, known = found_page
    else:
        is_private = source is not None and source.allow_private_hosts
        found = find_files((glob.escape(str(path.absolute())),), allow_private=is_private)
        if not found:
            return Extraction(
                Outcome.UNREADABLE_FILE,
                f"{path}: no .html, .mhtml or .txt file, nor one of these in .gz",
            )
        attempt = read_file(found[0], limits.max_bytes)
        if attempt.outcome is not Outcome.FETCHED:
            return Extraction(attempt.outcome, attempt.detail)
        payload, content_type = attempt.payload, attempt.content_type
        known = found[0].given_url or attempt.url_final
    origin = Origin.of(source)
    return extract_page(
        payload,
        content_type,
        url or known,
        source_language=origin.language,
        timezone=origin.timezone,
        overrides=origin.overrides,
    )


def archive_of(page: Path) -> tuple[WarcPath, int] | None:
    """The archive file and the offset in it that a `raw_ref` names; None for a saved page."""
    name, mark, offset = str(page).rpartition("#")
    if not mark or not offset.isdecimal() or page.is_file():
        return None
    # A Path has only one of the slashes of s3://bucket/key.
    short = SCHEME.removesuffix("/")
    is_stored = name.startswith(short) and not name.startswith(SCHEME)
    return warc_at(SCHEME + name.removeprefix(short) if is_stored else name), int(offset)


def _archived_page(
    path: WarcPath, offset: int, max_bytes: int
) -> tuple[bytes, str, str] | Extraction:
    """The payload, content type and URL of an archived page, or why it has no payload."""
    record = page_record(path, offset, max_bytes)
    if isinstance(path, Path) and is_own(record, path):
        capture, payload = read_capture(path.parent, f"{path.name}#{offset}")
        outcome, detail = capture.outcome, capture.detail
        content_type, url = capture.content_type, capture.url_final
    else:  # of a backfill
        content = read_response(record, max_bytes)
        outcome, detail = content.outcome, content.detail
        payload, content_type = content.body, content.headers.get("Content-Type", "")
        url = address_of(record)
    return (payload, content_type, url) if payload else Extraction(outcome, detail)
