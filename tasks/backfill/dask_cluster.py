"""Shards refined on a Dask cluster: a task each, in a process of a worker; their rows come back.

Workers and the backfill share no folder; each reads the WARC files at the same places.
"""

import hashlib
import logging
import multiprocessing
import platform
import threading
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pyarrow as pa
from distributed import Client, Future, KilledWorker, Worker, get_worker

from tasks.backfill.refine_shard import staged_before, staged_once
from tasks.backfill.shard_processes import SHARDS_AHEAD, Refinement, ShardFailed, ShardPool, Shards
from tasks.backfill.shards import Shard, ShardJob, Staged
from tasks.model import RunFailed
from tasks.process_pool import read_ahead
from tasks.text.counted import counted

log = logging.getLogger(__name__)

FIRST_WORKER_SECONDS = 20  # for the first worker to join
CHECK_SECONDS = 60  # interval of checks for workers while waiting for a shard
UNFIT = "has not this version of Presswatch"
CUT_PRIORITY = 10  # priority of cutting a file, which all its shards wait for

T = TypeVar("T")
_ZSTD = pa.Codec("zstd")
CODE = (".py", ".toml", ".json")  # suffixes of the files that the rows depend on


@dataclass(frozen=True, slots=True)
class Parcel:
    """A staged shard on its way between machines."""

    staged: Staged
    # The Arrow files of its folder by name: size, and content under zstd, 40 % of that size.
    files: dict[str, tuple[int, bytes]]

    @classmethod
    def of(cls, staged: Staged) -> "Parcel":
        """Pack a staged shard."""
        found = {path.name: path.read_bytes() for path in staged.folder.glob("*.arrow")}
        packed = {name: _ZSTD.compress(content, asbytes=True) for name, content in found.items()}
        return cls(staged, {name: (len(found[name]), packed[name]) for name in found})

    def unpack(self, folder: Path) -> None:
        """Put the files into a folder of another machine."""
        for name, (size, content) in self.files.items():
            (folder / name).write_bytes(_ZSTD.decompress(content, size))


_TASKS = Path(__file__).parents[1]
# Of the code as it was loaded: the files may have changed since.
_CODE = hashlib.sha256(
    b"".join(
        file.relative_to(_TASKS).as_posix().encode() + b"\0" + file.read_bytes()
        for file in sorted(file for file in _TASKS.rglob("*.*") if file.suffix in CODE)
    )
).hexdigest()[:12]
_MADE_BY = f"Presswatch {_CODE} on Python {'.'.join(platform.python_version_tuple()[:2])}"
# Each of a worker's threads has one process, which it uses for shard after shard.
_own = threading.local()


def code_fingerprint() -> str:
    """What two machines must share to produce the same rows: the code of `tasks`, and Python."""
    return _MADE_BY


def require_same_code(wanted: str, dask_worker: Worker | None = None) -> None:
    """Raise RunFailed unless this worker would produce the rows of a backfill that is `wanted`.

    Dask fills in `dask_worker` where this is run outside a task.
    """
    if wanted != _MADE_BY:
        name = (dask_worker or get_worker()).name
        raise RunFailed(f"the Dask worker {name} has {_MADE_BY}, and the backfill {wanted}")


def cut_on_worker(warc: Shard, size: int, wanted: str) -> list[Shard | ShardFailed]:
    """The shards of a file; raises RunFailed when the backfill is of another version."""
    found = _run_on_worker(warc, wanted, lambda pool: list(pool.shards([warc], size)))
    return [found] if isinstance(found, ShardFailed) else list(map(_with_worker, found))


def refine_on_worker(job: ShardJob, wanted: str) -> Parcel | ShardFailed:
    """A shard's rows, staged on this worker and packed; raises as `cut_on_worker` does."""

    def refined(pool: ShardPool) -> Parcel | ShardFailed:
        # Dask removes what a killed worker has left in its folder.
        with TemporaryDirectory(prefix="shard-", dir=get_worker().local_directory) as name:
            local_job = replace(job, folder=Path(name, job.folder.name))
            (done,) = pool.refined(iter([job.shard]), lambda _: local_job)
            return done if isinstance(done, ShardFailed) else Parcel.of(done)

    return _with_worker(_run_on_worker(job.shard, wanted, refined))


def _run_on_worker(shard: Shard, wanted: str, work: Callable[[ShardPool], T]) -> T | ShardFailed:
    """Do the work in this thread's process; replace the process when it raises."""
    require_same_code(wanted)
    try:
        if not shard.is_there():
            return ShardFailed(shard, "the file is not there, or another one")
        if not hasattr(_own, "pool"):
            # Dask's nanny makes its worker a daemon, which may start none; ours ends by itself.
            multiprocessing.current_process().daemon = False
            _own.pool = ShardPool(1)
            # Otherwise a worker that is ending waits for a process that the pool keeps restarting.
            Finalize(None, _own.pool.close, exitpriority=1)
        return work(_own.pool)
    except Exception as error:
        if hasattr(_own, "pool"):
            _own.pool.close()
            del _own.pool
        return ShardFailed(shard, f"{type(error).__name__}: {error}")


def _with_worker(found: T) -> T:
    """A failure, with the name of its worker; anything else as it is."""
    if isinstance(found, ShardFailed):
        return replace(found, error=f"{found.error} (worker {get_worker().name})")
    return found


class Cluster:
    """The workers of a Dask scheduler; their threads refine a shard each.

    RunFailed without a worker, and when scheduler or workers have another version.
    """

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address, self._made_by = client, address, code_fingerprint()
        # The scheduler reads what is sent through it, so it needs the same version as the workers.
        try:
            theirs: str = client.run_on_scheduler(code_fingerprint)  # type: ignore[no-untyped-call]
        except (AttributeError, ImportError) as wrong:
            theirs = str(wrong)
        if theirs != self._made_by:
            raise RunFailed(f"the Dask scheduler at {address} {UNFIT}: {theirs}")
        try:
            client.wait_for_workers(1, timeout=FIRST_WORKER_SECONDS)
        except TimeoutError:
            raise RunFailed(f"no worker has joined the Dask scheduler at {address}") from None
        for worker, found in client.run(
            require_same_code, self._made_by, on_error="return"
        ).items():
            if isinstance(found, RunFailed):
                raise found
            if isinstance(found, Exception):
                raise RunFailed(f"the Dask worker at {worker} {UNFIT}: {found}")
        log.info("refining on %s, %s at once", address, counted(self._threads(), "shard"))

    def shards(self, warcs: Iterable[Shard], size: int, done: Container[Shard] = ()) -> Shards:
        """The shards of all files in their order, as `ShardPool.shards` gives them."""
        submit = partial(self._client.submit, cut_on_worker, pure=False, priority=CUT_PRIORITY)
        cuts = ((warc, submit(warc, size, self._made_by)) for warc in warcs)
        for warc, future in read_ahead(cuts, SHARDS_AHEAD):
            found = self._result(warc, future)
            shards = [found] if isinstance(found, ShardFailed) else found
            yield from (shard for shard in shards if shard not in done)

    def refined(self, shards: Shards, job: Callable[[Shard], ShardJob]) -> Iterator[Refinement]:
        """The shards in their order, each when it is staged here; `job` says what to do with it."""
        # Only as many are taken as keep the current workers busy.
        waiting: deque[Callable[[], Refinement]] = deque()
        for shard in shards:
            waiting.append(self._submit(shard, job))
            while len(waiting) >= max(1, SHARDS_AHEAD * self._threads()):
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()

    def _submit(
        self, shard: Shard | ShardFailed, job: Callable[[Shard], ShardJob]
    ) -> Callable[[], Refinement]:
        """Send a shard to a worker if need be; returns a function that waits for the result."""
        if isinstance(shard, ShardFailed):
            return lambda: shard
        work = job(shard)
        if staged := staged_before(work):
            return lambda: staged
        sent = replace(work, folder=Path(work.folder.name))
        future = self._client.submit(refine_on_worker, sent, self._made_by, pure=False)

        def wait_for_result() -> Refinement:
            found = self._result(shard, future)
            if isinstance(found, ShardFailed):
                return found

            def unpack(half: Path, _: object) -> Staged:
                found.unpack(half)
                return replace(found.staged, shard=shard, folder=work.folder)

            return staged_once(work, unpack)

        return wait_for_result

    def _result(self, shard: Shard, future: "Future[T]") -> T | ShardFailed:
        while True:
            try:
                with self._reached():
                    return future.result(timeout=CHECK_SECONDS)
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
            raise RunFailed(f"the Dask scheduler at {self._address} is gone") from None
