"""One shard refined: its pages extracted, cleaned, normalised and staged; any process can do it."""

import fcntl
import json
import multiprocessing
import os
import pickle
import shutil
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import SpooledTemporaryFile
from time import process_time
from typing import IO

from tasks.backfill.captures import Captures
from tasks.backfill.selection import Passed
from tasks.backfill.shard_jobs import ShardJob, Staged
from tasks.backfill.warc_records import Damage, Record
from tasks.model import Capture, Extraction, Outcome
from tasks.process_pool import tried
from tasks.prompts import NO_SITE, Site
from tasks.refine.refine_archive import (
    IN_MEMORY,
    Refined,
    beside,
    origin_of,
    refine_page,
    rejected,
    staging,
)
from tasks.refine.site_boilerplate import LEAST_PAGES, MOST_PAGES, Print, find_recurring
from warehouse.allocation import give_back
from warehouse.layers.atomic_write import write_whole

DONE = "staged.json"


def stage_shard(job: ShardJob) -> Staged:
    """Refine a shard into its folder, or find it there.

    The folder is whole or not there. The same shard gives the same rows, but for their `run_id`,
    which is empty until they are partitioned.

    Raises:
        OSError: the WARC file or the stage cannot be read or written.
        ConfigError: the WARC file is not what one is.
    """
    return staged_once(job, lambda half, cursor: _Refinery(job, cursor).run(half))


def staged_once(job: ShardJob, fill: Callable[[Path, IO[bytes]], Staged]) -> Staged:
    """A shard staged by what fills a folder and notes in a file where it is, or as before."""
    job.folder.parent.mkdir(parents=True, exist_ok=True)
    with job.cursor.open("wb", buffering=0) as cursor:
        fcntl.flock(cursor, fcntl.LOCK_EX)  # a process whose flow was killed ends with its page
        staged = staged_before(job)
        if staged is None:
            half = job.folder.with_name(job.folder.name + ".half")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            staged = fill(half, cursor)
            told = {"counts": staged.counts, "passed": staged.passed, "seconds": staged.seconds}
            write_whole(half / DONE, json.dumps(told).encode())
            half.rename(job.folder)
        job.cursor.unlink(missing_ok=True)
    give_back()
    return staged


def staged_before(job: ShardJob) -> Staged | None:
    """The shard as it lies staged; None where it does not."""
    if not (job.folder / DONE).exists():
        return None
    told = json.loads((job.folder / DONE).read_bytes())
    return Staged(job.shard, job.folder, told["counts"], told["passed"], told["seconds"])


class _Refinery:
    """Refines the pages of one shard: each by itself, then what repeats over a site again."""

    def __init__(self, job: ShardJob, cursor: IO[bytes]) -> None:
        self._job, self._cursor = job, cursor
        self._captures = Captures(job)
        self._passed: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._seconds: dict[str, float] = defaultdict(float)
        self._prints: dict[str, list[Print]] = defaultdict(list)

    def run(self, folder: Path) -> Staged:
        """Refine all pages and stage them."""
        with SpooledTemporaryFile(IN_MEMORY) as spool:
            for page in self._pages():
                pickle.dump(page, spool)
            sites = self._sites()
            with ExitStack() as staged:
                put = staged.enter_context(staging(folder))
                for capture, refined in _unspooled(spool):
                    self._put(put, self._again(capture, refined, sites))
                with self._step("writing"):
                    staged.close()
        return Staged(
            self._job.shard,
            self._job.folder,
            {str(outcome): count for outcome, count in sorted(self._counts.items())},
            {str(reason): count for reason, count in sorted(self._passed.items())},
            dict(self._seconds),
        )

    def _pages(self) -> Iterator[tuple[Capture, Refined]]:
        """The wanted pages, each refined by itself."""
        shard = self._job.shard
        for record in self._timed(self._captures.records(shard.start, shard.end)):
            self._must_be_wanted()
            with self._step("reading"):
                found = self._captures.capture(record)
            if isinstance(found, Passed):
                self._passed[found] += 1
                continue
            capture, payload = found
            refined = self._refined(capture, payload, NO_SITE)
            if reason := self._drops(capture, refined):
                self._passed[reason] += 1
                continue
            if refined.seen and len(self._prints[capture.source_id]) < MOST_PAGES:
                self._prints[capture.source_id].append(refined.seen)
            yield capture, refined

    def _timed(self, records: Iterator[Record | Damage]) -> Iterator[Record | Damage]:
        while True:
            with self._step("reading"):
                record = next(records, None)
            if record is None:
                return
            yield record

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begin = process_time()
        yield
        self._seconds[name] += process_time() - begin

    def _refined(self, capture: Capture, payload: bytes, site: Site) -> Refined:
        """One page refined; within its limit of time, or the process ends."""
        if capture.outcome is not Outcome.FETCHED:
            return Refined(asdict(capture))
        offset = _offset(capture)
        if offset in self._job.blamed:
            return rejected(capture, self._job.blamed[offset])
        origin = origin_of(self._captures.papers.paper_of(capture.url_final)[1])
        os.pwrite(self._cursor.fileno(), b"%020d" % offset, 0)
        with self._step("extracting"), _limited(self._job.page_seconds):
            done = tried(refine_page, capture, payload, origin, site)
        self._cursor.truncate(0)
        return rejected(capture, done) if isinstance(done, Extraction) else done

    def _must_be_wanted(self) -> None:
        parent = multiprocessing.parent_process()
        if parent and not parent.is_alive():
            raise OSError("the process that wanted this shard has ended")

    def _drops(self, capture: Capture, refined: Refined) -> Passed | None:
        article = refined.article or {}
        day = article.get("published_date") or capture.attempted_at.date()
        return self._job.selection.drops(day, article.get("language"))

    def _sites(self) -> dict[str, Site]:
        """What the pages of each site have in common, where there are enough of them."""
        some = {name: found for name, found in self._prints.items() if len(found) >= LEAST_PAGES}
        return {name: find_recurring([found]) for name, found in some.items()}

    def _again(self, capture: Capture, refined: Refined, sites: Mapping[str, Site]) -> Refined:
        """The page refined again, where it keeps what recurs over its site."""
        self._must_be_wanted()
        site = sites.get(capture.source_id, NO_SITE)
        found = refined.kept & site.counts.keys()
        if not found:
            return refined
        payload = self._captures.payload_at(_offset(capture))
        known = Site(site.pages, {text: site.counts[text] for text in found})
        return beside(self._refined(capture, payload, known), refined)

    def _put(self, put: Callable[[Refined], None], refined: Refined) -> None:
        self._counts[refined.capture["outcome"]] += 1
        with self._step("writing"):
            put(refined)


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """End this process when the body takes more CPU seconds; no C code can hold that up."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _unspooled(spool: IO[bytes]) -> Iterator[tuple[Capture, Refined]]:
    spool.seek(0)
    with suppress(EOFError):
        while True:
            yield pickle.load(spool)  # noqa: S301 - what this process has just written


def _offset(capture: Capture) -> int:
    return int((capture.raw_ref or "").rpartition("#")[2])
