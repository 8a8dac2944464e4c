"""Records entries that a run defers, so that coverage does not count their days as complete."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from tasks.model import Attempt, CaptureKind, Entry, Outcome


def deferred_attempts(entries: Iterable[Entry], now: datetime) -> Iterator[tuple[Attempt, Entry]]:
    """One attempt a publication day (UTC), with its first entry; undated ones count as one day."""
    days: dict[date | None, list[Entry]] = {}
    for entry in entries:
        at = entry.published_at
        days.setdefault(at.astimezone(UTC).date() if at else None, []).append(entry)
    for deferred in days.values():
        detail = f"{len(deferred)} page{'' if len(deferred) == 1 else 's'} of this day"
        url = deferred[0].url
        kind, outcome = CaptureKind.PAGE, Outcome.LEFT_FOR_LATER
        yield Attempt(kind, url, url, outcome, now, 0.0, detail), deferred[0]
