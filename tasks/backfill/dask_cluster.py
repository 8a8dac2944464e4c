"""Shards refined on a Dask cluster, a task each; their rows travel back with the result."""

import logging
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from distributed import Client, Future, KilledWorker

from tasks.backfill.dask_worker import cut_here, demand, made_by, refine_here
from tasks.backfill.refine_shard import staged_before, staged_once
from tasks.backfill.shard_processes import AHEAD, Refinement, ShardFailed, Shards
from tasks.backfill.shards import Shard, ShardJob, Staged, Warc, whole
from tasks.collect.collector import SourcesFailed
from tasks.process_pool import ahead

log = logging.getLogger(__name__)

FIRST_WORKER_SECONDS = 20  # for it to join
LOOK_SECONDS = 60  # interval of checks for workers while waiting for a shard
UNFIT = "has not this version of Presswatch"
FIRST = 10  # priority of cutting a file, which all its shards wait for

T = TypeVar("T")


class Cluster:
    """The workers of a Dask scheduler; their threads refine a shard each.

    Raises:
        SourcesFailed: there is no worker, or scheduler or workers have another version.
    """

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address, self._made_by = client, address, made_by()
        # The scheduler reads what is sent through it, so it needs the same version as the workers.
        try:
            theirs: str = client.run_on_scheduler(made_by)  # type: ignore[no-untyped-call]
        except (AttributeError, ImportError) as wrong:
            theirs = str(wrong)
        if theirs != self._made_by:
            raise SourcesFailed(f"the Dask scheduler at {address} {UNFIT}: {theirs}")
        try:
            client.wait_for_workers(1, timeout=FIRST_WORKER_SECONDS)
        except TimeoutError:
            raise SourcesFailed(f"no worker has joined the Dask scheduler at {address}") from None
        for worker, found in client.run(demand, self._made_by, on_error="return").items():
            if isinstance(found, SourcesFailed):
                raise found
            if isinstance(found, Exception):
                raise SourcesFailed(f"the Dask worker at {worker} {UNFIT}: {found}")
        log.info("refining on %s, %d shards at once", address, self._threads())

    def shards(self, warcs: Iterable[Warc], size: int, done: Container[Shard] = ()) -> Shards:
        """The shards of all files in their order, but for those that are done.

        A file is cut while the ones before it are refined; one that cannot be cut has failed.
        """
        submit = partial(self._client.submit, cut_here, pure=False, priority=FIRST)
        cuts = ((warc, submit(warc, size, self._made_by)) for warc in warcs)
        for warc, future in ahead(cuts, AHEAD):
            found = self._result(whole(warc), future)
            shards = [found] if isinstance(found, ShardFailed) else found
            yield from (shard for shard in shards if shard not in done)

    def refined(self, shards: Shards, job: Callable[[Shard], ShardJob]) -> Iterator[Refinement]:
        """The shards in their order, each when it is staged here; `job` says what to do with it."""
        # No more are taken than keep the workers busy that there are at the time.
        waiting: deque[Callable[[], Refinement]] = deque()
        for shard in shards:
            waiting.append(self._begun(shard, job))
            while len(waiting) >= max(1, AHEAD * self._threads()):
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()

    def _begun(
        self, shard: Shard | ShardFailed, job: Callable[[Shard], ShardJob]
    ) -> Callable[[], Refinement]:
        """The shard on its way to a worker, as what waits for it."""
        if isinstance(shard, ShardFailed):
            return lambda: shard
        work = job(shard)
        if staged := staged_before(work):
            return lambda: staged
        sent = replace(work, folder=Path(work.folder.name))
        future = self._client.submit(refine_here, sent, self._made_by, pure=False)

        def settled() -> Refinement:
            found = self._result(shard, future)
            if isinstance(found, ShardFailed):
                return found

            def unpack(half: Path, _: object) -> Staged:
                found.unpack(half)
                return replace(found.staged, shard=shard, folder=work.folder)

            return staged_once(work, unpack)

        return settled

    def _result(self, shard: Shard, future: "Future[T]") -> T | ShardFailed:
        while True:
            try:
                with self._reached():
                    return future.result(timeout=LOOK_SECONDS)
            except KilledWorker as end:
                return ShardFailed(shard, f"its workers died, one after the other: {end}")
            except TimeoutError:
                if not self._threads():
                    log.warning(
                        "the Dask scheduler at %s has no workers; waiting for some", self._address
                    )

    def _threads(self) -> int:
        with self._reached():
            by_worker: dict[str, int] = self._client.nthreads()  # type: ignore[no-untyped-call]
        return sum(by_worker.values())

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise
        except (CancelledError, OSError):
            raise SourcesFailed(f"the Dask scheduler at {self._address} is gone") from None
