"""What a Dask worker does with a shard: refine it in a process, and send its rows back.

Workers and the backfill share no folder; each reads the WARC files at the same places.
"""

import hashlib
import multiprocessing
import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.util import Finalize
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pyarrow as pa
from distributed import Worker, get_worker

from tasks.backfill.shard_processes import ShardFailed, ShardPool
from tasks.backfill.shards import Shard, ShardJob, Staged, Warc, whole
from tasks.collect.collector import SourcesFailed

T = TypeVar("T")
_ZSTD = pa.Codec("zstd")


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


def _digest() -> str:
    tasks = Path(__file__).parents[1]
    code = hashlib.sha256()
    for file in sorted(
        file for kind in ("py", "toml", "json") for file in tasks.rglob(f"*.{kind}")
    ):
        code.update(file.relative_to(tasks).as_posix().encode() + b"\0" + file.read_bytes())
    return code.hexdigest()[:12]


# Of the code as it was read, whatever has become of the files since.
_MADE_BY = f"Presswatch {_digest()} on Python {'.'.join(platform.python_version_tuple()[:2])}"
# Each of a worker's threads has one process, which it uses for shard after shard.
_own = threading.local()


def made_by() -> str:
    """What must be alike on two machines for the same rows: the code of `tasks`, and Python."""
    return _MADE_BY


def demand(wanted: str, dask_worker: Worker | None = None) -> None:
    """Raise SourcesFailed unless this worker would produce the rows of a backfill that is `wanted`.

    Dask fills in `dask_worker` where this is run outside a task.
    """
    if wanted != _MADE_BY:
        name = (dask_worker or get_worker()).name
        raise SourcesFailed(f"the Dask worker {name} has {_MADE_BY}, and the backfill {wanted}")


def cut_here(warc: Warc, size: int, wanted: str) -> list[Shard | ShardFailed]:
    """The shards of a file; raises SourcesFailed when the backfill is of another version."""
    found = _tried(whole(warc), wanted, lambda pool: list(pool.shards([warc], size)))
    return [found] if isinstance(found, ShardFailed) else list(map(_named, found))


def refine_here(job: ShardJob, wanted: str) -> Parcel | ShardFailed:
    """A shard's rows, staged on this worker and taken along; raises as `cut_here` does."""

    def refined(pool: ShardPool) -> Parcel | ShardFailed:
        # Dask removes what a killed worker has left in its folder.
        with TemporaryDirectory(prefix="shard-", dir=get_worker().local_directory) as name:
            here = replace(job, folder=Path(name, job.folder.name))
            (done,) = pool.refined(iter([job.shard]), lambda _: here)
            return done if isinstance(done, ShardFailed) else Parcel.of(done)

    return _named(_tried(job.shard, wanted, refined))


def _tried(shard: Shard, wanted: str, work: Callable[[ShardPool], T]) -> T | ShardFailed:
    """Do the work in this thread's process; replace the process when it raises."""
    demand(wanted)
    try:
        if not shard.is_there():
            return ShardFailed(shard, "the file is not there, or another one")
        if not hasattr(_own, "pool"):
            # Dask's nanny makes its worker a daemon, which may start none; ours ends by itself.
            multiprocessing.current_process().daemon = False
            _own.pool = ShardPool(1)
            # Else a worker that is to end waits for a process that the pool starts again and again.
            Finalize(None, _own.pool.close, exitpriority=1)
        return work(_own.pool)
    except Exception as surprise:
        if hasattr(_own, "pool"):
            _own.pool.close()
            del _own.pool
        return ShardFailed(shard, f"{type(surprise).__name__}: {surprise}")


def _named(found: T) -> T:
    """A failure with the worker that had it."""
    if isinstance(found, ShardFailed):
        return replace(found, error=f"{found.error} (worker {get_worker().name})")
    return found
