"""Shards refined side by side, a process each, and what is done when one of them dies."""

import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from pebble import ProcessExpired, ProcessPool

from tasks.backfill.shards import SHARD_BYTES, Shard, cut_into_shards
from tasks.backfill.stage import ShardJob, Staged, stage_shard
from tasks.model import Extraction, Outcome
from tasks.pool import limit_memory

AHEAD = 2
"""Shards in the pool for each process: a slow one does not let the others wait."""
SHARDS_A_PROCESS = 100
"""Then the process is replaced: bounds what a leak can take."""
DEATHS = 3
"""A shard whose process ends so often outside its pages is given up."""
MOST_BLAMED = 200
"""So is one with more pages that end their process."""


@dataclass(frozen=True, slots=True)
class ShardFailed:
    """A shard that could not be refined."""

    shard: Shard
    error: str


Refinement: TypeAlias = "Staged | ShardFailed"


class ShardPool:
    """Processes that refine a shard each."""

    def __init__(self, processes: int) -> None:
        self._width = processes * AHEAD
        self._pool = ProcessPool(
            max_workers=processes,
            max_tasks=SHARDS_A_PROCESS,
            initializer=limit_memory,
            context=multiprocessing.get_context("spawn"),
        )

    def cut(self, paths: Iterable[Path], size: int = SHARD_BYTES) -> list[Shard]:
        """The shards of all files, in order.

        Raises:
            OSError, ConfigError: a file that is no WARC file, or cannot be read.
        """
        cuts = [self._pool.schedule(cut_into_shards, args=[path, size]) for path in paths]
        return [shard for future in cuts for shard in future.result()]

    def refined(self, jobs: Iterable[ShardJob]) -> Iterator[Refinement]:
        """The shards in their order, each when it is staged."""
        waiting: deque[tuple[ShardJob, Future[Refinement]]] = deque()
        for job in jobs:
            waiting.append((job, self._submit(job)))
            if len(waiting) >= self._width:
                yield self._settled(*waiting.popleft())
        while waiting:
            yield self._settled(*waiting.popleft())

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _submit(self, job: ShardJob) -> "Future[Refinement]":
        future: Future[Refinement] = self._pool.schedule(_refined, args=[job])
        return future

    def _settled(self, job: ShardJob, future: "Future[Refinement]") -> Refinement:
        """The shard, refined again where its process died: without the page that ends it."""
        deaths: Counter[int | None] = Counter()
        while True:
            try:
                return future.result()
            except ProcessExpired as end:
                page = _page_of(job)
                deaths[page] += 1
                if deaths[None] >= DEATHS or len(job.blamed) >= MOST_BLAMED:
                    return ShardFailed(job.shard, f"its process ended again and again: {end}")
                job = _blaming(job, page, end, deaths[page])
                future = self._submit(job)


@contextmanager
def shard_pool(processes: int) -> Iterator[ShardPool]:
    """A pool for the length of a backfill."""
    pool = ShardPool(processes)
    try:
        yield pool
    finally:
        pool.close()


def _page_of(job: ShardJob) -> int | None:
    """Offset of the page that was being refined; None where it was none."""
    with suppress(OSError, ValueError):
        return int(job.cursor.read_bytes())
    return None


def _blaming(job: ShardJob, page: int | None, end: ProcessExpired, deaths: int) -> ShardJob:
    """The job to try next. A page that ran out of time is to blame, one that died once is not.

    A process may also be ended from outside, and then its page is as good as any.
    """
    if page is None:
        return job
    if abs(end.exitcode) == signal.SIGPROF:
        why = Extraction(Outcome.PAGE_TIMED_OUT, "extraction reached its time limit")
    elif deaths > 1:
        why = Extraction(Outcome.PAGE_CRASHED, "extraction ended its process twice")
    else:
        return job
    return replace(job, blamed={**job.blamed, page: why})


def _refined(job: ShardJob) -> Refinement:
    """Caught within the process: an exception that cannot be unpickled breaks the whole pool."""
    try:
        return stage_shard(job)
    except Exception as surprise:
        return ShardFailed(job.shard, f"{type(surprise).__name__}: {surprise}")
