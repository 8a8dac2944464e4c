"""Pages refined in two passes: each by itself, then again those that keep texts of their site.

Which texts recur is known only after all pages have been read, so the results of the first pass
wait in a spool. Only pages that keep a recurring text are extracted twice.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import NamedTuple, TypeAlias, TypeVar
from urllib.parse import unquote

import pyarrow as pa

from tasks.extract import extract_page
from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.model import Capture, Extraction, Outcome
from tasks.prompts.page_hints import NO_SITE, Site
from tasks.refine.normalise import (
    Row,
    article_row,
    by_clock_of_source,
    capture_row,
    published_ahead_at,
    stripped_rows,
)
from tasks.refine.site_boilerplate import PageFingerprint, fingerprint, kept_texts
from tasks.sources.source import NO_OVERRIDES, BlockOverrides, Source
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, CAPTURE_SCHEMA, STRIPPED_SCHEMA

SPOOL_BYTES = 1024 * 1024  # Bytes of refined pages that wait in memory; more wait on disk
BATCH_ROWS = 500  # of a staged file
STAGED = {
    "captures": CAPTURE_SCHEMA,
    "articles": ARTICLE_SCHEMA,
    "stripped_blocks": STRIPPED_SCHEMA,
}

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Refined:
    """The rows of one capture."""

    capture: Row
    article: Row | None = None
    stripped: tuple[Row, ...] = ()
    fingerprint: PageFingerprint | None = None  # Of a page that gave an article
    kept: frozenset[int] = frozenset()  # Hashes of its body and captions


@dataclass(frozen=True, slots=True)
class Origin:
    """The properties of a page's source that extraction needs."""

    language: str | None = None
    timezone: str = "UTC"
    overrides: BlockOverrides = NO_OVERRIDES

    @classmethod
    def of(cls, source: Source | None) -> "Origin":
        """The origin for a source; `source` is None if it is not configured."""
        return cls(source.language, source.timezone, source.overrides) if source else cls()

    @property
    def version(self) -> str:
        """`extractor_version` of the rows of this source."""
        return f"{EXTRACTOR_VERSION}{self.overrides.version}"

    @property
    def made_by(self) -> str:
        """The version and settings that determine the texts of its pages."""
        return f"{self.version} {self.language} {self.timezone}"


class Page(NamedTuple):
    """A page to refine."""

    capture: Capture
    payload: bytes
    site: Site = NO_SITE


# Applies `refine_page` to pages in their order, each with a key: in a pool's processes, or one
# after another in this one. None stays None; an Extraction rejects a page that hung or crashed.
RefinePages: TypeAlias = Callable[
    [Iterable[tuple[K, Page | None]]], Iterable[tuple[K, Refined | Extraction | None]]
]


def refine_page(capture: Capture, payload: bytes, origin: Origin, site: Site = NO_SITE) -> Refined:
    """Extract, clean and normalise one page."""
    extraction = extract_page(
        payload,
        capture.content_type,
        capture.given_url or capture.url_final,
        source_language=origin.language,
        timezone=origin.timezone,
        overrides=origin.overrides,
        site=site,
    )
    if extraction.outcome is Outcome.UNREADABLE_FILE:  # a damaged MHTML file
        name = unquote(capture.url_final.rpartition("/")[2])
        extraction = replace(extraction, detail=f"{name}: {extraction.detail}")
    page = extraction.page
    if page is None:
        return _rejected(capture, extraction)
    listed = by_clock_of_source(capture, origin.timezone)
    article = article_row(extraction, listed, extractor_version=origin.version)
    ahead = published_ahead_at(page, listed)
    about = {"article_id": article["article_id"], "published_ahead_at": ahead}
    done = replace(capture, outcome=Outcome.ARTICLE, **about)
    stripped = stripped_rows(extraction, capture, article["article_id"])
    kept = kept_texts(page)
    print_ = fingerprint(article, kept, extraction.stripped)
    return Refined(capture_row(done), article, tuple(stripped), print_, kept)


def refine_each(
    pages: Iterable[tuple[Capture, bytes]], refine: "RefinePages[Capture]"
) -> Iterator[tuple[Capture, Refined]]:
    """The first pass: each page by itself. Captures without a page stay as they are."""
    keyed = (
        (capture, Page(capture, payload) if capture.outcome is Outcome.FETCHED else None)
        for capture, payload in pages
    )
    for capture, done in refine(keyed):
        if isinstance(done, Extraction):
            yield capture, _rejected(capture, done)
        else:
            yield capture, done or Refined(capture_row(capture))


def refine_again(
    pages: Iterable[tuple[Capture, Refined]],
    find_sites: Callable[[Iterator[Refined]], Callable[[str], Site]],
    payload_of: Callable[[Capture], bytes],
    refine: "RefinePages[Refined]",
) -> Iterator[Refined]:
    """The second pass: all pages of the first; those that keep recurring texts are refined again.

    `find_sites` reads all pages of the first pass, and returns a function from a source's id to
    the texts that recur on its pages; `payload_of` reads a page's payload again.
    """
    number = 0
    with SpooledTemporaryFile(SPOOL_BYTES) as spool:

        def spooled() -> Iterator[Refined]:
            nonlocal number
            for page in pages:
                pickle.dump(page, spool)
                number += 1
                yield page[1]

        site_of = find_sites(spooled())

        def keyed() -> Iterator[tuple[Refined, Page | None]]:
            spool.seek(0)
            for _ in range(number):
                capture, alone = pickle.load(spool)  # noqa: S301 - what was written above
                site = site_of(capture.source_id)
                recurring = alone.kept & site.counts.keys()
                if recurring:
                    counts = {text: site.counts[text] for text in recurring}
                    yield alone, Page(capture, payload_of(capture), Site(site.pages, counts))
                else:
                    yield alone, None

        for alone, again in refine(keyed()):
            if not isinstance(again, Refined):  # a page that fails now stays as it was
                yield alone
                continue
            if again.article is not None and alone.article is not None:
                # The hash of the text from the page alone does not depend on other pages, so it
                # identifies versions.
                key = alone.article["body_sha256"]
                if key != again.article["body_sha256"]:
                    again = replace(again, article=again.article | {"page_sha256": key})
            yield again


@contextmanager
def staging(stage: Path) -> Iterator[Callable[[Refined], None]]:
    """Stage the rows of pages in a folder, as Arrow files; yields the function that adds a page.

    `captures.arrow` is written in any case, `articles.arrow` and `stripped_blocks.arrow` where
    there are rows.
    """
    stage.mkdir(parents=True, exist_ok=True)
    waiting: dict[str, list[Row]] = {name: [] for name in STAGED}
    with ExitStack() as files:
        writers: dict[str, pa.RecordBatchFileWriter] = {}

        def write(name: str) -> None:
            if name not in writers:
                file = files.enter_context(pa.OSFile(str(stage / f"{name}.arrow"), "wb"))
                writers[name] = files.enter_context(pa.ipc.new_file(file, STAGED[name]))
            batch = pa.RecordBatch.from_pylist(waiting[name], schema=STAGED[name])
            writers[name].write_batch(batch)
            waiting[name].clear()

        def put(refined: Refined) -> None:
            waiting["captures"].append(refined.capture)
            if refined.article is not None:
                waiting["articles"].append(refined.article)
            waiting["stripped_blocks"].extend(refined.stripped)
            for name, rows in waiting.items():
                if len(rows) >= BATCH_ROWS:
                    write(name)

        yield put
        for name, rows in waiting.items():
            if rows or name == "captures":
                write(name)
            elif name not in writers:  # an existing file is of an attempt that was interrupted
                (stage / f"{name}.arrow").unlink(missing_ok=True)


def raw_offset(capture: Capture) -> int:
    """Where the capture begins in its archive file, in bytes."""
    return int((capture.raw_ref or "").rpartition("#")[2])


def _rejected(capture: Capture, why: Extraction) -> Refined:
    rejected = replace(capture, outcome=why.outcome, detail=why.detail, prose_words=why.prose_words)
    return Refined(capture_row(rejected))
