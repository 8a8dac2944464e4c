"""Which sources fail or have fallen silent, read from the current snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import duckdb

from warehouse.layers.layout import Layout
from warehouse.read.query import open_snapshot, records

IS_THERE = "FROM duckdb_views() WHERE view_name = 'source_health'"


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """From when on, and for how long, a source that fails is skipped."""

    opens_after: int
    """Failures in a row."""
    first_pause: timedelta
    """Each further failure doubles it."""
    longest_pause: timedelta


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """The state of a source, as `source_health` says; its columns are explained there."""

    source_id: str
    state: str
    """As of the time of asking."""
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_new_article_at: datetime | None
    failures_in_a_row: int
    last_failure_at: datetime | None
    last_failure_outcome: str | None
    last_failure_detail: str | None
    open_until: datetime | None
    silent_from: datetime | None
    is_silent: bool
    silent_since: datetime | None
    failed_listings: list[str]
    unread_listings: list[str]

    def is_open(self, now: datetime) -> bool:
        """Whether runs skip it; a failure in the future, by a clock that jumped, says nothing."""
        if self.open_until is None or self.last_failure_at is None:
            return False
        return self.last_failure_at <= now < self.open_until

    @property
    def is_tripped(self) -> bool:
        """Whether it has failed so often that one listing is tried before all else is asked."""
        return self.open_until is not None

    @property
    def why(self) -> str:
        """What an operator needs to know to act; empty for a healthy source."""
        parts = []
        if self.failures_in_a_row:
            parts.append(f"{self.last_failure_outcome}: {self.last_failure_detail}")
        elif self.unread_listings:
            parts.append(f"not read: {', '.join(self.unread_listings)}")
        if self.open_until:
            parts.append(f"asked again from {self.open_until:%Y-%m-%d %H:%M} UTC on")
        if self.silent_since:
            parts.append(f"nothing new since {self.silent_since:%Y-%m-%d %H:%M} UTC")
        return "; ".join(parts)

    def knows(self, listings: Sequence[str]) -> bool:
        """Whether its failures are those of these listings, and not of others it had before."""
        return set(listings) <= set(self.failed_listings)


def source_health(layout: Layout) -> dict[str, SourceHealth]:
    """Every source's health by its id; none where no snapshot says it yet."""
    con = open_snapshot(layout)
    if con is None:
        return {}
    names = ", ".join(field.name for field in fields(SourceHealth))
    with con:
        if not con.execute(IS_THERE).fetchall():
            return {}  # published by a version that did not know it; the next load adds it
        rows = records(con, f"SELECT {names} FROM source_health ORDER BY source_id")  # noqa: S608
    return {row["source_id"]: SourceHealth(**row) for row in rows}


def unhealthy(layout: Layout, now: datetime) -> tuple[SourceHealth, ...]:
    """Configured sources that runs skip or that have fallen silent, by id."""
    return tuple(
        source
        for source in source_health(layout).values()
        if source.state != "retired" and (source.is_open(now) or source.is_silent)
    )


def kept_rule(con: duckdb.DuckDBPyConnection) -> BreakerRule | None:
    """The rule by which the file judges; a new file has none."""
    rows = con.execute(
        "SELECT opens_after, epoch(first_pause), epoch(longest_pause) FROM breaker"
    ).fetchall()
    for opens_after, first, longest in rows:
        return BreakerRule(opens_after, timedelta(seconds=first), timedelta(seconds=longest))
    return None


def set_rule(con: duckdb.DuckDBPyConnection, rule: BreakerRule) -> None:
    """Let the file judge by this rule."""
    con.execute("DELETE FROM breaker")
    con.execute(
        "INSERT INTO breaker VALUES (?, to_seconds(?::DOUBLE), to_seconds(?::DOUBLE))",
        [
            rule.opens_after,
            rule.first_pause.total_seconds(),
            rule.longest_pause.total_seconds(),
        ],
    )
