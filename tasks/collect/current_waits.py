"""What a run is waiting for: a log line once a minute."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from threading import Event, Thread

log = logging.getLogger(__name__)

LINE_SECONDS = 60.0  # between two lines
MAX_NAMED = 5  # sources named in a line, the longest waited for first


class CurrentWaits:
    """What is being done for each source of a run; shared by its threads."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[datetime, str]] = {}

    @contextmanager
    def show(self, source_id: str, what: str) -> Iterator[None]:
        """Show what is done for a source while the body runs, such as `fetches https://...`."""
        self._begun[source_id] = (datetime.now(UTC), what)
        try:
            yield
        finally:
            self._begun.pop(source_id, None)

    @contextmanager
    def logged(self) -> Iterator[None]:
        """Log what is being done, every `LINE_SECONDS` while the body runs."""
        ended = Event()

        def lines() -> None:
            while not ended.wait(LINE_SECONDS):
                if line := self.line():
                    log.info("%s", line)

        # In the context of the run, so that the lines appear on its page.
        thread = Thread(target=copy_context().run, args=(lines,), name="current waits", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def line(self) -> str:
        """Which sources are waited for, what each is doing and since when; empty when none is."""
        begun = sorted((at, source_id, what) for source_id, (at, what) in [*self._begun.items()])
        shown = [f"{name} {what} since {at:%H:%M:%S} UTC" for at, name, what in begun[:MAX_NAMED]]
        if len(begun) > MAX_NAMED:
            shown.append(f"{len(begun) - MAX_NAMED} more sources")
        return f"waiting for: {'; '.join(shown)}" if shown else ""
