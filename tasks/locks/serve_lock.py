"""The lock of `presswatch serve`: one of them at a time works in a folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.settings import ConfigError
from warehouse.layers.writer_lock import try_lock


@contextmanager
def serve_lock(folder: Path, what: Path) -> Iterator[None]:
    """Be the only one to serve `what` while the body runs, by a lock file in `folder`.

    ConfigError, which names the process, when another one is. It would take the runs of the other
    one's worker for those of a worker that has ended, and end them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serve.lock").open("a+") as lock:
        if not try_lock(lock):
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise ConfigError([f"{what} is served already, by process {holder}: stop that first"])
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
