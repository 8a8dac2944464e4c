"""Shards refined side by side, a process each, and what is done when one of them dies."""

import signal
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias, TypeVar

from pebble import ProcessExpired

from tasks.backfill.refine_shard import stage_shard
from tasks.backfill.shards import Shard, ShardJob, Staged, cut_into_shards, is_small
from tasks.model import Extraction, Outcome
from tasks.process_pool import Submitted, WorkerPool, read_ahead

SHARDS_AHEAD = 2  # shards in the pool for each process, so that none waits for a slow one
# A process is replaced after this many batches: its heap grows from shard to shard. The CPU time of
# that was less than two measurements differ by.
BATCHES_A_PROCESS = 3
# Small shards are handed out together, up to so many bytes and shards: 1,000 files of three pages
# took 43 s one by one, 45 ms a file for a new process.
BATCH_BYTES, BATCH_SHARDS = 1024 * 1024, 50
MAX_DEATHS = 3  # a shard whose process ends so often outside its pages is given up
MAX_BLAMED = 200  # so is one with more pages that end their process


@dataclass(frozen=True, slots=True)
class ShardFailed:
    """A shard that could not be refined."""

    shard: Shard
    error: str


T = TypeVar("T")
Refinement: TypeAlias = Staged | ShardFailed
Shards: TypeAlias = Iterator[Shard | ShardFailed]


class ShardPool:
    """Processes that refine a shard each."""

    def __init__(self, processes: int) -> None:
        self._width = processes * SHARDS_AHEAD
        self.workers = WorkerPool(processes, BATCHES_A_PROCESS)
        self.close = self.workers.close

    def shards(self, warcs: Iterable[Shard], size: int, done: Container[Shard] = ()) -> Shards:
        """The shards of all files in their order, without those that are done.

        A file is cut while the ones before it are refined; one that cannot be cut has failed.
        """
        cuts = (
            warc
            if is_small(warc, size)
            else self.workers.submit(
                partial(_run_or_fail, warc, partial(cut_into_shards, warc, size))
            )
            for warc in warcs
        )
        for cut in read_ahead(cuts, SHARDS_AHEAD):
            found = cut if isinstance(cut, Shard) else cut.result()
            shards = found if isinstance(found, list) else [found]
            yield from (shard for shard in shards if shard not in done)

    def refined(self, shards: Shards, job: Callable[[Shard], ShardJob]) -> Iterator[Refinement]:
        """The shards in their order, each when it is staged; `job` says what to do with one."""

        def started() -> Iterator[tuple[list[ShardJob], Submitted[list[Refinement]]] | ShardFailed]:
            for batch in _batches(shards):
                if isinstance(batch, ShardFailed):
                    yield batch
                else:
                    jobs = [job(shard) for shard in batch]
                    yield jobs, self.workers.submit(partial(_refined, jobs))

        for batch in read_ahead(started(), self._width):
            if isinstance(batch, ShardFailed):
                yield batch
                continue
            jobs, submitted = batch
            try:
                yield from submitted.result()
            except ProcessExpired as end:
                # Only the shard with a cursor was being refined when their process died.
                current = next((one for one in jobs if one.cursor.exists()), None)
                for one in jobs:
                    yield self._refine_alone(one, end if one is current else None)

    def _refine_alone(self, job: ShardJob, end: ProcessExpired | None) -> Refinement:
        """The shard, refined again where its process died: without the page that ends it."""
        deaths: Counter[int | None] = Counter()
        while True:
            if end:
                page = None
                with suppress(OSError, ValueError):  # it died outside its pages
                    page = int(job.cursor.read_bytes())
                deaths[page] += 1
                if deaths[None] >= MAX_DEATHS or len(job.blamed) >= MAX_BLAMED:
                    return ShardFailed(job.shard, f"its process ended again and again: {end}")
                why = None
                if abs(end.exitcode) == signal.SIGPROF:
                    why = Extraction(Outcome.PAGE_TIMED_OUT, "extraction reached its time limit")
                elif deaths[page] > 1:  # the first death may have come from outside
                    why = Extraction(Outcome.PAGE_CRASHED, "extraction ended its process twice")
                if why and page is not None:
                    job = replace(job, blamed={**job.blamed, page: why})
            try:
                (refinement,) = self.workers.submit(partial(_refined, [job])).result()
            except ProcessExpired as died:
                end = died
            else:
                return refinement


def shard_pool(processes: int) -> closing[ShardPool]:
    """A pool for the length of a backfill."""
    return closing(ShardPool(processes))


def _batches(shards: Shards) -> Iterator[list[Shard] | ShardFailed]:
    """The shards in their order, small ones together."""
    batch: list[Shard] = []
    for shard in shards:
        is_full = (
            isinstance(shard, ShardFailed)
            or len(batch) == BATCH_SHARDS
            or sum(one.bytes for one in (*batch, shard)) > BATCH_BYTES
        )
        if batch and is_full:
            yield batch
            batch = []
        if isinstance(shard, ShardFailed):
            yield shard
        else:
            batch.append(shard)
    if batch:
        yield batch


def _refined(jobs: Sequence[ShardJob]) -> list[Refinement]:
    return [_run_or_fail(job.shard, partial(stage_shard, job)) for job in jobs]


def _run_or_fail(shard: Shard, work: Callable[[], T]) -> T | ShardFailed:
    """Do the work; caught here, since an exception that cannot be unpickled breaks the pool."""
    try:
        return work()
    except Exception as error:
        return ShardFailed(shard, f"{type(error).__name__}: {error}")
