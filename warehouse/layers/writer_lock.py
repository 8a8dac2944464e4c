"""One writer at a time, by a lock file that the kernel frees when its holder ends."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from warehouse.layers.layout import Layout


@contextmanager
def writer_lock(
    layout: Layout, waiting: Callable[[str], None] = lambda message: None
) -> Iterator[None]:
    """Hold the lock for writing the layers and the warehouse; wait while another process holds it.

    It locks this folder, and nothing else: `warehouse.store.working_copy.pulled_and_pushed` leases
    the store as well, pulls and pushes.
    `waiting` is called once, with a sentence for people, when another process holds the lock.
    """
    with _lock_file(layout) as handle:
        if not try_lock(handle):
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            waiting(f"waiting for process {holder} to finish writing the warehouse")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


@contextmanager
def try_writer_lock(layout: Layout) -> Iterator[bool]:
    """Hold the same lock unless another process holds it; yield whether it is held."""
    with _lock_file(layout) as handle:
        yield try_lock(handle)


def try_lock(file: IO[str]) -> bool:
    """Lock an open file, without waiting; return whether that succeeded."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(layout: Layout) -> IO[str]:
    layout.locks.mkdir(parents=True, exist_ok=True)
    return (layout.locks / "warehouse.lock").open("a+")
