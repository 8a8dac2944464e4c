"""One shard refined: its pages extracted, cleaned, normalised and staged; any process can do it."""

import fcntl
import multiprocessing
import os
import shutil
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import IO

from tasks.backfill.captures import Captures
from tasks.backfill.selection import Passed
from tasks.backfill.shards import ShardJob, Staged
from tasks.model import Capture, Extraction
from tasks.process_pool import run_or_reject
from tasks.prompts.page_hints import NO_SITE, Site
from tasks.refine.refine_pages import (
    K,
    Origin,
    Page,
    Refined,
    raw_offset,
    refine_again,
    refine_each,
    refine_page,
    staging,
)
from tasks.refine.site_boilerplate import MAX_PAGES, MIN_PAGES, PageFingerprint, find_recurring
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import DocumentError, decode, encode
from warehouse.memory_allocators import release_memory

DONE = "staged.json"


@dataclass(frozen=True, slots=True)
class Counts:
    """The document of a staged shard: the fields of `Staged` that its folder does not show."""

    counts: dict[str, int]
    passed: dict[str, int]
    seconds: dict[str, float]


def stage_shard(job: ShardJob) -> Staged:
    """Refine a shard into its folder, unless that exists; the folder is complete or absent.

    The same shard gives the same rows, but for their `run_id`, empty until they are partitioned.
    Raises OSError, and ConfigError for what is no WARC file.
    """
    return staged_once(job, lambda half, cursor: _ShardRefiner(job, cursor).run(half))


def staged_once(job: ShardJob, fill: Callable[[Path, IO[bytes]], Staged]) -> Staged:
    """Stage a shard by `fill`, unless it is staged already."""
    job.folder.parent.mkdir(parents=True, exist_ok=True)
    with job.cursor.open("wb", buffering=0) as cursor:
        fcntl.flock(cursor, fcntl.LOCK_EX)  # an orphaned process may hold it until its page ends
        staged = staged_before(job)
        if staged is None:
            half = job.folder.with_name(job.folder.name + ".half")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            staged = fill(half, cursor)
            counts = Counts(staged.counts, staged.passed, staged.seconds)
            write_whole(half / DONE, encode(counts))
            shutil.rmtree(job.folder, ignore_errors=True)  # if its document cannot be read
            half.rename(job.folder)
        job.cursor.unlink(missing_ok=True)
    release_memory()
    return staged


def staged_before(job: ShardJob) -> Staged | None:
    """The shard, if it is staged already."""
    path = job.folder / DONE
    try:
        found = decode(Counts, path.read_bytes(), path)
    except (FileNotFoundError, DocumentError):  # 0.1.0 wrote no format: the shard is staged again
        return None
    return Staged(job.shard, job.folder, found.counts, found.passed, found.seconds)


def find_sites(pages: Iterable[Refined]) -> Callable[[str], Site]:
    """A function from a source's id to what recurs on its pages in the shard."""
    fingerprints: dict[str, list[PageFingerprint]] = defaultdict(list)
    for refined in pages:
        found = fingerprints[refined.capture["source_id"]]
        if refined.fingerprint and len(found) < MAX_PAGES:
            found.append(refined.fingerprint)
    sites = {
        source_id: find_recurring([found])
        for source_id, found in fingerprints.items()
        if len(found) >= MIN_PAGES
    }
    return lambda source_id: sites.get(source_id, NO_SITE)


class _ShardRefiner:
    """Refines the pages of one shard, one after another in this process."""

    def __init__(self, job: ShardJob, cursor: IO[bytes]) -> None:
        self._job, self._cursor = job, cursor
        self._captures = Captures(job)
        self._passed: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._seconds: dict[str, float] = defaultdict(float)

    def run(self, folder: Path) -> Staged:
        """Refine all pages and stage them."""
        pages = filter(self._is_selected, refine_each(self._wanted_pages(), self._refine))
        with ExitStack() as staged:
            put = staged.enter_context(staging(folder))
            for refined in refine_again(pages, find_sites, self._captures.payload_of, self._refine):
                self._counts[refined.capture["outcome"]] += 1
                with self._step("writing"):
                    put(refined)
            with self._step("writing"):
                staged.close()
        return Staged(
            self._job.shard,
            self._job.folder,
            {str(outcome): count for outcome, count in sorted(self._counts.items())},
            {str(reason): count for reason, count in sorted(self._passed.items())},
            dict(self._seconds),
        )

    def _wanted_pages(self) -> Iterator[tuple[Capture, bytes]]:
        shard = self._job.shard
        records = self._captures.records(shard.start, shard.end)
        while True:
            with self._step("reading"):
                record = next(records, None)
                if record is None:
                    return
                found = self._captures.capture(record)
            if isinstance(found, Passed):
                self._passed[found] += 1
            else:
                yield found

    def _is_selected(self, page: tuple[Capture, Refined]) -> bool:
        """Whether the selection includes a page, by its day and language."""
        capture, refined = page
        article = refined.article or {}
        day = article.get("published_date") or capture.attempted_at.date()
        reason = self._job.selection.drop_reason(day, article.get("language"))
        if reason:
            self._passed[reason] += 1
        return reason is None

    def _refine(
        self, pages: Iterable[tuple[K, Page | None]]
    ) -> Iterator[tuple[K, Refined | Extraction | None]]:
        parent = multiprocessing.parent_process()
        for key, page in pages:
            if parent and not parent.is_alive():
                raise OSError("the process that wanted this shard has ended")
            yield key, page and self._refined(page)

    def _refined(self, page: Page) -> Refined | Extraction:
        """One page refined; within its limit of time, or the process ends."""
        offset = raw_offset(page.capture)
        if offset in self._job.blamed:
            return self._job.blamed[offset]
        origin = Origin.of(self._captures.domains.source_of(page.capture.url_final)[1])
        # The cursor says which page ended this process, should one do so.
        os.pwrite(self._cursor.fileno(), b"%020d" % offset, 0)
        with self._step("extracting"):
            # Its signal, SIGPROF, ends this process even within C code.
            signal.setitimer(signal.ITIMER_PROF, self._job.page_seconds)
            try:
                refined = run_or_reject(refine_page, page.capture, page.payload, origin, page.site)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        self._cursor.truncate(0)
        return refined

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begin = process_time()
        yield
        self._seconds[name] += process_time() - begin
