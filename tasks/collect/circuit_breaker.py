"""Which sources a run leaves alone because they failed again and again, and which it only tries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tasks.sources.source import Source
from warehouse.layers.layout import Layout
from warehouse.read.source_health import SourceHealth, source_health


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of the sources that may be skipped in a run.

    A source that is asked for by name is left out, and so is asked in any case.
    """

    health: Mapping[str, SourceHealth] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def skips(self, source: Source) -> str:
        """Why no request is to be sent, in words; empty when the source is to be asked."""
        paper = self._tripped(source)
        if paper is None or not paper.is_open(self.now):
            return ""
        why = f"{paper.last_failure_outcome}: {paper.last_failure_detail}"
        return f"skipped until {self._told(paper)} after {paper.failures_in_a_row} failures: {why}"

    def tries(self, source: Source) -> tuple[str, ...]:
        """The source's listings when the first of them decides whether more is asked for.

        None where nothing is to be decided. Another comes first each time, since one may be gone
        for good.
        """
        paper = self._tripped(source)
        if paper is None or paper.is_open(self.now):
            return ()
        turn = paper.failures_in_a_row % len(source.listings)
        return source.listings[turn:] + source.listings[:turn]

    def _tripped(self, source: Source) -> SourceHealth | None:
        """The source's health when it has failed too often, by the listings that it has now."""
        paper = self.health.get(source.id)
        if paper is None or not source.listings or not paper.is_tripped:
            return None
        return paper if paper.knows(source.listings) else None

    def _told(self, paper: SourceHealth) -> str:
        until = paper.open_until or self.now
        day = "" if until.date() == self.now.date() else f"{until.day} {until:%b} "
        return f"{day}{until:%H:%M} UTC"


def read_breaker(layout: Layout) -> Breaker:
    """As the current snapshot has it."""
    return Breaker(source_health(layout))
