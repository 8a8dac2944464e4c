"""The circuit breaker: sources that keep failing are skipped for a while, then tried with care.

It has no state of its own, which a rebuild would lose: failures in a row are counted from `polls`,
and each load writes the settings into the table `breaker`: runs and readers follow one rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tasks.sources.source import Source
from tasks.text.counted import counted
from warehouse.read.source_health import SourceHealth

# In the message of an ingest that failed as all its sources did: alerts look for it.
EVERY_SOURCE_FAILED = "every source asked failed"


@dataclass(frozen=True, slots=True)
class Breaker:
    """Health of the sources that a run may skip; empty for sources that a person named."""

    health: Mapping[str, SourceHealth] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def skip_reason(self, source: Source) -> str:
        """Until when and why the source is skipped; empty when it is not."""
        health = self._tripped(source)
        if health is None or not health.is_open(self.now):
            return ""
        until = health.open_until or self.now
        day = "" if until.date() == self.now.date() else f"{until.day} {until:%b} "
        why = f"{health.last_failure_outcome}: {health.last_failure_detail}"
        failures = counted(health.failures_in_a_row, "failure")
        return f"skipped until {day}{until:%H:%M} UTC after {failures}: {why}"

    def trial_listings(self, source: Source) -> tuple[str, ...]:
        """The listings of a source on trial, in the order to read them; empty without a trial.

        When the first one cannot be read, the others are not requested.
        """
        health = self._tripped(source)
        if health is None or health.is_open(self.now):
            return ()
        # Each trial starts with another listing, since one may be gone for good.
        turn = health.failures_in_a_row % len(source.listings)
        return source.listings[turn:] + source.listings[:turn]

    def _tripped(self, source: Source) -> SourceHealth | None:
        health = self.health.get(source.id)
        if health is None or not source.listings or not health.is_tripped:
            return None
        # Failures of listings that were since replaced in sources.toml do not count.
        return health if health.knows(source.listings) else None
