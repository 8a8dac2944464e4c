"""Reads of a feed without a gap between them."""

from collections.abc import Iterable, Iterator

from tests.support.partial_days import at
from tests.support.staged_pages import Page


def feed_reads(source_id: str, hours: Iterable[float]) -> Iterator[Page]:
    """Reads of a source's feed so many hours after START, each naming one entry of the last."""
    before = None
    for hour in hours:
        named = {
            "kind": "feed",
            "entries": 10,
            "known": 0 if before is None else 9,
            "added": 10 if before is None else 1,
            "is_continued": before is not None,
            "window_from": at(hour - 10),
            "window_entries": 10,
            "previous_read_at": None if before is None else at(before),
            "before_window": 0,
        }
        about = ("feed", "", None, float(hour), source_id)
        yield Page(*about, outcome="listed", kind="listing", named=named)
        before = hour
