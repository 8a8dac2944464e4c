"""Shards refined side by side, a process each, and what is done when one of them dies."""

import signal
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from pebble import ProcessExpired
from pebble import ProcessPool as Pool

from tasks.backfill.refine_shard import stage_shard
from tasks.backfill.shard_jobs import ShardJob, Staged
from tasks.backfill.shards import Shard, Warc, cut_into_shards, is_small, whole
from tasks.model import Extraction, Outcome
from tasks.process_pool import ahead, worker_pool

AHEAD = 2
"""Shards in the pool for each process: a slow one does not let the others wait."""
BATCHES_A_PROCESS = 3
"""Then the process is replaced: its heap grows from shard to shard. What that costs in CPU time was
less than two measurements differ by."""
BATCH_BYTES, BATCH = 1024 * 1024, 50
"""Shards that are handed out together have so many bytes at most, but for a single one, and are no
more than so many: 1,000 files of three pages took 43 s one by one, of which 45 ms a new process."""
DEATHS = 3
"""A shard whose process ends so often outside its pages is given up."""
MOST_BLAMED = 200
"""So is one with more pages that end their process."""
MOST_BREAKS = 20
"""Pools that broke in a backfill, before it gives up."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShardFailed:
    """A shard that could not be refined."""

    shard: Shard
    error: str


Refinement: TypeAlias = Staged | ShardFailed
Shards: TypeAlias = Iterator[Shard | ShardFailed]


class ShardPool:
    """Processes that refine a shard each."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool = worker_pool(processes, BATCHES_A_PROCESS)
        self._breaks = 0

    def shards(self, warcs: Iterable[Warc], size: int, done: Container[Shard] = ()) -> Shards:
        """The shards of all files in their order, but for those that are done.

        A file is cut while the ones before it are refined; one that cannot be cut has failed.
        """
        calls = (self._cutting(warc, size) for warc in warcs)
        for found in ahead(calls, AHEAD):
            cuts = found.result() if isinstance(found, _Call) else [found]
            yield from (shard for shard in cuts if shard not in done)

    def _cutting(self, warc: Warc, size: int) -> "Shard | _Call[Sequence[Shard | ShardFailed]]":
        return whole(warc) if is_small(warc, size) else _Call(self, _cut, warc, size)

    def refined(self, shards: Shards, job: Callable[[Shard], ShardJob]) -> Iterator[Refinement]:
        """The shards in their order, each when it is staged; `job` says what to do with one."""
        started = (self._started(batch, job) for batch in _batches(shards))
        for begun in ahead(started, self._processes * AHEAD):
            if isinstance(begun, ShardFailed):
                yield begun
            else:
                yield from self._settled(*begun)

    def _started(
        self, batch: list[Shard] | ShardFailed, job: Callable[[Shard], ShardJob]
    ) -> "tuple[list[ShardJob], _Call[list[Refinement]]] | ShardFailed":
        if isinstance(batch, ShardFailed):
            return batch
        jobs = [job(shard) for shard in batch]
        return jobs, _Call(self, _refined, jobs)

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def schedule(self, work: Callable[..., T], args: tuple[Any, ...]) -> "tuple[Pool, Future[T]]":
        """Hand work to a process; with the pool that has it."""
        return self._pool, self._pool.schedule(work, args=list(args))

    def renew(self, broken: Pool) -> None:
        """Put a new pool in the place of a broken one, unless that was done.

        A pool breaks when a process ends before it has begun to work.

        Raises:
            BrokenProcessPool: it breaks again and again.
        """
        if broken is self._pool:
            self._breaks += 1
            if self._breaks > MOST_BREAKS:
                raise BrokenProcessPool(f"the pool broke {self._breaks} times")
            self.close()
            self._pool = worker_pool(self._processes, BATCHES_A_PROCESS)

    def _settled(
        self, jobs: list[ShardJob], call: "_Call[list[Refinement]]"
    ) -> Iterator[Refinement]:
        """The shards; each by itself where their process died, at the first with a cursor."""
        try:
            yield from call.result()
        except ProcessExpired as end:
            at = next((job for job in jobs if job.cursor.exists()), None)
            for job in jobs:
                yield self._tried_again(job, end if job is at else None)

    def _tried_again(self, job: ShardJob, end: ProcessExpired | None) -> Refinement:
        """The shard, refined again where its process died: without the page that ends it."""
        deaths: Counter[int | None] = Counter()
        while True:
            if end:
                page = _page_of(job)
                deaths[page] += 1
                if deaths[None] >= DEATHS or len(job.blamed) >= MOST_BLAMED:
                    return ShardFailed(job.shard, f"its process ended again and again: {end}")
                job = _blaming(job, page, end, deaths[page])
            try:
                (found,) = _Call(self, _refined, [job]).result()
            except ProcessExpired as died:
                end = died
            else:
                return found


class _Call(Generic[T]):
    """Work in the pool, handed out again when the pool breaks."""

    def __init__(self, owner: ShardPool, work: Callable[..., T], *args: object) -> None:
        self._owner, self._work, self._args = owner, work, args
        self._pool, self._future = owner.schedule(work, args)

    def result(self) -> T:
        """What the work returns.

        Raises:
            ProcessExpired: its process has died.
        """
        while True:
            try:
                return self._future.result()
            except BrokenProcessPool:
                self._owner.renew(self._pool)
                self._pool, self._future = self._owner.schedule(self._work, self._args)


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


def _batches(shards: Shards) -> Iterator[list[Shard] | ShardFailed]:
    """The shards in their order, small ones together."""
    batch: list[Shard] = []
    for shard in shards:
        is_full = isinstance(shard, ShardFailed) or not _fits(batch, shard)
        if batch and is_full:
            yield batch
            batch = []
        if isinstance(shard, ShardFailed):
            yield shard
        else:
            batch.append(shard)
    if batch:
        yield batch


def _fits(batch: Sequence[Shard], more: Shard) -> bool:
    return len(batch) < BATCH and sum(one.bytes for one in (*batch, more)) <= BATCH_BYTES


def _refined(jobs: Sequence[ShardJob]) -> list[Refinement]:
    return [_refined_one(job) for job in jobs]


def _refined_one(job: ShardJob) -> Refinement:
    """Caught within the process: an exception that cannot be unpickled breaks the whole pool."""
    try:
        return stage_shard(job)
    except Exception as surprise:
        return ShardFailed(job.shard, f"{type(surprise).__name__}: {surprise}")


def _cut(warc: Warc, size: int) -> Sequence[Shard | ShardFailed]:
    try:
        return cut_into_shards(warc, size)
    except Exception as surprise:
        return [ShardFailed(whole(warc), f"{type(surprise).__name__}: {surprise}")]
