"""When sources are due, read from the current snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records


@dataclass(frozen=True, slots=True)
class PollInterval:
    """A row of `poll_intervals`, where the columns are described."""

    source_id: str
    polled_at: datetime
    interval_minutes: int
    due_at: datetime
    basis: str
    last_poll: str
    listings: list[str]
    # By the circuit breaker, as in source_polls.
    open_until: datetime | None
    last_failure_at: datetime | None
    failed_listings: list[str] | None


INTERVALS = """
    SELECT intervals.* EXCLUDE (listing, window_entries, entries_per_day),
           open_until, last_failure_at, failed_listings
    FROM poll_intervals AS intervals
    LEFT JOIN (
        SELECT source_id, open_until, last_failure_at, failed_listings
        FROM source_polls
        WHERE open_until IS NOT NULL
    ) USING (source_id)
"""
# As in queries/due_pages.sql, but only steps that passed after the last poll began.
NEXT_RECHECKS = """
    SELECT source_id, min(first_seen_at + step) AS due_at
    FROM articles
    JOIN poll_intervals USING (source_id)
    CROSS JOIN (SELECT unnest($steps::INTERVAL[]) AS step)
    WHERE first_seen_at >= $seen_since
      AND first_seen_at + step > polled_at
      AND (published_at IS NULL OR published_at >= first_seen_at - $last_step)
    GROUP BY source_id
"""


def poll_intervals(layout: Layout) -> dict[str, PollInterval]:
    """The interval of each polled source, by id; empty without a snapshot that has them."""
    rows = snapshot_records(layout, INTERVALS, needs="poll_intervals")
    return {row["source_id"]: PollInterval(**row) for row in rows}


def next_rechecks(layout: Layout, steps: Sequence[timedelta], now: datetime) -> dict[str, datetime]:
    """When the next article of each polled source is due for a recheck, by the source's id."""
    if not steps:
        return {}
    last_step = max(steps)
    # One day more than the last step, since no source waits longer than a day for its next poll.
    seen_since = now - last_step - timedelta(days=1)
    given = {"steps": list(steps), "last_step": last_step, "seen_since": seen_since}
    rows = snapshot_records(layout, NEXT_RECHECKS, given, needs="poll_intervals")
    return {row["source_id"]: row["due_at"] for row in rows}
