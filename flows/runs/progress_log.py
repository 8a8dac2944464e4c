"""Logs the progress of long work in a run's log, where no terminal shows a bar."""

import logging
import time

log = logging.getLogger(__name__)

EVERY_SECONDS = 15.0


class ProgressLines(logging.Handler):
    """Logs what `tasks.progress.advance` reports, at most once in `every` seconds for each step."""

    def __init__(self, every: float = EVERY_SECONDS) -> None:
        super().__init__(logging.DEBUG)
        self._every = every
        self._logged_at: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log a step's progress, unless it was logged less than `every` seconds ago."""
        step = getattr(record, "step", None)
        if step is None:
            return
        now = time.monotonic()
        last = self._logged_at.setdefault(step, now)
        if now - last < self._every:
            return
        self._logged_at[step] = now
        done, total = record.__dict__["done"], record.__dict__["total"]
        of = f" of {total:,} ({done / total:.0%})" if total else ""
        log.info("%s: %s%s", step, f"{done:,}", of)


def log_progress() -> None:
    """Log progress from now on, unless a handler already shows it."""
    progress = logging.getLogger("tasks.progress")
    if not progress.handlers:
        progress.setLevel(logging.DEBUG)
        progress.addHandler(ProgressLines())
        progress.propagate = False
