"""Known articles that are due for a recheck, read from the current snapshot."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

# Attempts with retryable outcomes per step of the schedule; then none until the next step.
MAX_TRIES = 3

DUE = Path(__file__).parents[1] / "queries" / "due_pages.sql"


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page that gave an article: its URL, and the validators of its last successful response.

    No validators if the page is to be judged again even if it is unmodified.
    """

    url: str
    etag: str | None
    last_modified: str | None
    entry_headline: str | None
    entry_published_raw: str | None
    # From its listing entry; used where the page itself has no value.
    entry_published_at: datetime | None


def due_pages(
    layout: Layout,
    steps: Sequence[timedelta],  # times since the article was first seen
    now: datetime,
    *,
    most: int,  # pages per source
    published_since: datetime | None = None,  # older articles are not rechecked; undated ones are
) -> dict[str, list[DuePage]]:
    """Pages of articles to recheck, by source, the longest due first.

    An article is due when a step has passed since it was first seen, until its page is requested;
    if several steps have passed, the last one counts. A retryable failure is tried MAX_TRIES times
    per step, and a page that is gone never again. Old and backfilled articles are not expected to
    change: those are not rechecked that were published longer before they were first seen than the
    last step, or first seen more than twice the last step ago.

    An article that is undated because its page stated a future date is due on that date, whenever
    it was first seen.
    """
    if not (steps and most):
        return {}
    last_step = max(steps)
    parameters = {
        "steps": list(steps),
        "now": now,
        "seen_since": now - 2 * last_step,
        "last_step": last_step,
        "published_since": published_since,
        "tries": MAX_TRIES,
        "most": most,
    }
    pages: dict[str, list[DuePage]] = defaultdict(list)
    for row in snapshot_records(layout, DUE.read_text(), parameters):
        of_source = pages[row.pop("source_id")]
        of_source.append(DuePage(**row.pop("validators"), **row))
    return pages
