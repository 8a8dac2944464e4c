"""The lock of `presswatch serve`: one of them at a time works in a folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.settings import ConfigError
from warehouse.layers.writer_lock import try_lock


@contextmanager
def serve_lock(folder: Path, what: Path) -> Iterator[None]:
    """Serve `what` in only one process at a time, by a lock file in `folder`.

    ConfigError, with the process id, when another process serves it: a second one would take the
    runs of the first one's worker for those of a dead worker, and end them.
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
