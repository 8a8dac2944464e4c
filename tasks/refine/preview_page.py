"""What is kept of saved pages, what is stripped, and why."""

import glob
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.archive import read_capture
from tasks.collect.listings import find_files, read_file
from tasks.extract import extract_page
from tasks.model import Extraction, Outcome, PageText
from tasks.process_pool import PagePool
from tasks.settings import Limits
from tasks.sources.source import Source

Record = dict[str, Any]
# How `raw_ref` ends, by which the warehouse names a page's place in the archive.
ARCHIVED = re.compile(r"\.warc\.gz#\d+$")


@dataclass(frozen=True, slots=True)
class Explained:
    """One page and what became of it."""

    path: Path
    extraction: Extraction

    @property
    def stem(self) -> str:
        """The file name up to its first dot."""
        return self.path.name.split(".", 1)[0]

    def record(self) -> Record:
        """The page as JSON can hold it: the article's fields, `stripped` and `rejection`."""
        found = self.extraction
        is_rejected = found.outcome is not Outcome.ARTICLE
        reason = f"{found.outcome}: {found.detail}".rstrip(": ") if is_rejected else None
        stripped = [
            {"text": block.text, "kind": block.kind, "rule": block.rule, "position": block.position}
            for block in found.stripped
        ]
        fields = _fields(found.page or PageText("", ()))
        return {**fields, "stripped": stripped, "rejection": reason}


def _fields(page: PageText) -> Record:
    return {
        "headline": page.headline or None,
        "kicker": page.kicker,
        "standfirst": page.standfirst,
        "byline": page.byline,
        "authors": list(page.authors),
        "dateline": page.dateline,
        "published_at": page.published_at.isoformat() if page.published_at else None,
        "published_source": page.published_source,
        "modified_at": page.modified_at.isoformat() if page.modified_at else None,
        "section": page.section,
        "language": page.language,
        "access": page.access,
        "is_truncated": page.is_truncated,
        "captions": list(page.captions),
        "body": "\n\n".join(page.paragraphs),
    }


def explain(
    paths: Iterable[Path],
    url: str | None,
    limits: Limits,
    pool: PagePool,
    source: Source | None = None,
) -> Iterator[Explained]:
    """Extract saved pages (.html, .html.gz, .txt) each by itself, in the order given."""
    submitted = ((path, pool.submit(explain_file, path, url, limits, source)) for path in paths)
    for path, extraction in pool.in_order(submitted):
        if extraction:
            yield Explained(path, extraction)


def explain_file(
    path: Path, url: str | None, limits: Limits, source: Source | None = None
) -> Extraction:
    """Extract one saved page under `url`, else the URL that FILE.meta.json gives.

    `PATH.warc.gz#OFFSET` is a page of an archive file. A file that cannot be read is a rejection.
    The source, where one is given, lends its language, its time zone, and what it strips and keeps.
    """
    if ARCHIVED.search(path.name):
        return _explain_archived(path, url, source)
    found = find_files((glob.escape(str(path.absolute())),))
    if not found:
        return Extraction(Outcome.UNREADABLE_FILE, f"{path}: no .html, .html.gz or .txt file")
    attempt = read_file(found[0], limits.max_bytes)
    if attempt.outcome is not Outcome.FETCHED:
        return Extraction(attempt.outcome, attempt.detail)
    known = url or found[0].given_url or attempt.url_final
    return _extract(attempt.payload, attempt.content_type, known, source)


def _explain_archived(path: Path, url: str | None, source: Source | None) -> Extraction:
    try:
        capture, payload = read_capture(path.parent, path.name)
    except (OSError, ValueError) as error:
        return Extraction(Outcome.UNREADABLE_FILE, str(error))
    if not payload:
        return Extraction(capture.outcome, capture.detail)
    known = url or capture.url_final
    return _extract(payload, capture.content_type, known, source)


def _extract(payload: bytes, content_type: str, url: str, source: Source | None) -> Extraction:
    if source is None:
        return extract_page(payload, content_type, url)
    return extract_page(
        payload,
        content_type,
        url,
        source_language=source.language,
        timezone=source.timezone,
        marks=source.marks,
    )
