"""What a run knows of and leaves for a later one, so that its days are not taken for whole."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from tasks.model import Attempt, CaptureKind, Entry, Outcome


def left_for_later(entries: Iterable[Entry], now: datetime) -> Iterator[tuple[Attempt, Entry]]:
    """One attempt, for the first page of each day (UTC) that is left; undated pages are one day."""
    days: dict[date | None, list[Entry]] = {}
    for entry in entries:
        at = entry.published_at
        days.setdefault(at.astimezone(UTC).date() if at else None, []).append(entry)
    for left in days.values():
        detail = f"{len(left)} page{'' if len(left) == 1 else 's'} of this day"
        url = left[0].url
        kind, outcome = CaptureKind.PAGE, Outcome.LEFT_FOR_LATER
        yield Attempt(kind, url, url, outcome, now, 0.0, detail), left[0]
