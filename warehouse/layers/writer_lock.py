"""One writer at a time: a lock file of our own, freed by the kernel when its holder ends."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from warehouse.layers.layout import Layout
from warehouse.store.working_copy import shared


@contextmanager
def writer_lock(
    layout: Layout, waiting: Callable[[str], None] = lambda message: None
) -> Iterator[None]:
    """Hold the right to write the layers and the warehouse; wait for it when another has it.

    In the working copy of a store that is the right to write the store, too.

    Args:
        layout: The installation.
        waiting: Told once, in a sentence for people, when there is somebody to wait for.
    """
    layout.locks.mkdir(parents=True, exist_ok=True)
    path = layout.locks / "warehouse.layers.writer_lock"
    with path.open("a+") as handle:
        _take(handle, path, waiting)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        with shared(layout, waiting):
            yield


def _take(handle: IO[str], path: Path, waiting: Callable[[str], None]) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = path.read_text().strip() or "unknown"
        waiting(f"waiting for process {holder} to finish writing the warehouse")
        fcntl.flock(handle, fcntl.LOCK_EX)
