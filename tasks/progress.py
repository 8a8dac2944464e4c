"""The progress of a run: of long work, sent through the log, and the time of its stages."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

_lock = threading.Lock()
_at_work = Counter[str]()  # tasks of each stage
_begun: dict[str, float] = {}
_seconds: dict[str, float] = {}


def advance(step: str, done: int, total: int | None) -> None:
    """Log that `done` of `total` units of a step are finished; None for an unknown total."""
    log.debug("%s: %d of %s", step, done, total, extra={"step": step, "done": done, "total": total})


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the time of the body to this stage; also usable as a decorator of a task."""
    with _lock:
        if not _at_work[name]:
            _begun[name] = time.monotonic()
        _at_work[name] += 1
    try:
        yield
    finally:
        with _lock:
            _at_work[name] -= 1
            # Tasks of a stage run side by side: it lasts while one of them is at work.
            if not _at_work[name]:
                _seconds[name] = _seconds.get(name, 0.0) + time.monotonic() - _begun[name]


def take_stage_seconds() -> dict[str, float]:
    """Seconds for which each stage was active in this process since the last call."""
    with _lock:
        taken = dict(_seconds)
        _seconds.clear()
    return taken
