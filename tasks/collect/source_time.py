"""The time that a run has for a source, and attempts that record what it leaves for the next."""

import logging
import math
import time
from datetime import datetime

from tasks.model import Attempt, CaptureKind, Outcome

log = logging.getLogger(__name__)


class SourceTime:
    """The time that a run has for one source."""

    def __init__(self, source_id: str, seconds: float) -> None:
        self._source_id, self.seconds = source_id, seconds
        self.deadline = math.inf  # by the monotonic clock; set by `begin`
        self.late = ""  # why the time did not suffice; empty when it did

    def begin(self) -> None:
        """Start the time."""
        self.deadline = time.monotonic() + self.seconds

    def is_up(self) -> bool:
        """Whether nothing further may begin; call it only while something remains to be done."""
        if time.monotonic() >= self.deadline:
            self.end()
        return bool(self.late)

    def end(self) -> None:
        """End the time early, since too little of it remains."""
        if not self.late:
            self.late = f"the source's {self.seconds:g} s were used up"
            log.info("%s: %s; the rest is deferred", self._source_id, self.late)


def deferred(kind: CaptureKind, url: str, at: datetime, detail: str) -> Attempt:
    """The attempt that records that a URL was not asked for."""
    return Attempt(kind, url, url, Outcome.LEFT_FOR_LATER, at, 0.0, detail)
