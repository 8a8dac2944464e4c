"""Lines in a run's log that tell how far long work is, where no terminal shows a bar."""

import logging
import time

log = logging.getLogger(__name__)

EVERY_SECONDS = 15.0


class Milestones(logging.Handler):
    """Turns what `tasks.progress.advance` says into a line now and then."""

    def __init__(self, every: float = EVERY_SECONDS) -> None:
        super().__init__(logging.DEBUG)
        self._every = every
        self._told: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Say how far a step is, unless that has just been said of it."""
        step = getattr(record, "step", None)
        if step is None:
            return
        now = time.monotonic()
        last = self._told.setdefault(step, now)
        if now - last < self._every:
            return
        self._told[step] = now
        done, total = record.__dict__["done"], record.__dict__["total"]
        of = f" of {total:,} ({done / total:.0%})" if total else ""
        log.info("%s: %s%s", step, f"{done:,}", of)


def tell_milestones() -> None:
    """Begin to do so, unless someone else shows progress already."""
    progress = logging.getLogger("tasks.progress")
    if not progress.handlers:
        progress.setLevel(logging.DEBUG)
        progress.addHandler(Milestones())
        progress.propagate = False
