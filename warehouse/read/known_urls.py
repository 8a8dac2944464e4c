"""URLs and files that earlier runs have already collected, read from the current snapshot."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

T = TypeVar("T")

# Outcomes that may be temporary: a feed may name a page before it exists, and a busy server may ask
# for proof of being human. Believed at once, they would rule out an article for good. The status
# 410 is meant to be permanent.
MOMENTARY = ("not_found", "soft_404", "bot_challenge", "empty_page", "page_timed_out")
TRIES = 3  # after which what such a page says is believed

LAST_LISTINGS = Path(__file__).parents[1] / "queries" / "last_listings.sql"


class Once:
    """Answers that a run computes once for all its sources, in the first thread that needs them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[Hashable, Any] = {}

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question that several threads have, computed by the first."""
        with self._lock:
            if question not in self._answers:
                self._answers[question] = ask()
            answer: T = self._answers[question]
            return answer


@dataclass(slots=True, eq=False)
class _Request:
    keys: frozenset[str]
    known: set[str] | None = None


class KnownUrls:
    """Which URLs need not be fetched again, for the threads of a run.

    Requests that arrive while another one is answered are answered together by one query.
    """

    # Each query reads all captures, and hundreds of sources need one at the same time: of 200
    # queries some 40 are left.

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: deque[_Request] = deque()

    def among(self, layout: Layout, folded_urls: Iterable[str]) -> set[str]:
        """Which of the folded URLs are known, as defined by `known_urls`."""
        request = _Request(frozenset(folded_urls))
        if not request.keys:
            return set()
        self._pending.append(request)
        with self._lock:
            # Otherwise the thread that held the lock before has answered this request, too.
            if request.known is None:
                batch = [request]
                while self._pending:
                    batch.append(self._pending.popleft())
                keys = frozenset().union(*(other.keys for other in batch))
                known = known_urls(layout, keys)
                for other in batch:
                    other.known = known & other.keys
        return request.known or set()


@dataclass(frozen=True, slots=True)
class KnownListing:
    """A listing as last read: its validators for a conditional GET, and where its copy is."""

    etag: str | None
    last_modified: str | None
    raw_ref: str
    content_type: str
    read_at: datetime  # also when it was found unchanged
    most_entries: int | None  # over the thirty days before
    longest_window: float | None  # seconds, likewise


def known_urls(layout: Layout, folded_urls: Iterable[str]) -> set[str]:
    """Which of the folded URLs need not be fetched again.

    A URL is known when a page fetched from it ended in an outcome that is not retryable, or has
    ended `TRIES` times in one that may be of the moment. Requested, final and canonical URLs all
    count. A saved file does not count as a fetch: the source may have revised its article since;
    nor does a capture of the Wayback Machine that gave no article.
    """
    # Not as a registered Arrow table: when threads open the same file at the same time, DuckDB
    # 2.0.1 fails in 30 of 1,200 cases with "python_arrow_scan does not exist".
    rows = snapshot_records(
        layout,
        "SELECT key FROM ("
        " SELECT unnest(url_keys) AS key,"
        " outcome IN $momentary AND http_status IS DISTINCT FROM 410 AS may_be_momentary"
        " FROM captures JOIN outcomes USING (outcome)"
        " WHERE kind = 'page' AND NOT is_retryable"
        " AND (obtained_from <> 'wayback' OR article_id IS NOT NULL))"
        " SEMI JOIN (SELECT unnest($keys::VARCHAR[]) AS key) USING (key)"
        " GROUP BY key HAVING count(*) >= $tries OR NOT bool_and(may_be_momentary)",
        {"keys": sorted(set(folded_urls)), "tries": TRIES, "momentary": MOMENTARY},
    )
    return {row["key"] for row in rows}


def known_files(layout: Layout, source_id: str) -> set[str]:
    """ETags of the source's saved files as last read.

    Only the last state of a file counts: one that returns to an earlier state has changed.
    """
    rows = snapshot_records(
        layout,
        "SELECT DISTINCT arg_max(etag, run_id) AS etag FROM captures"
        " JOIN outcomes USING (outcome)"
        " WHERE kind = 'file' AND source_id = ? AND captures.etag IS NOT NULL AND NOT is_retryable"
        " GROUP BY url_requested",
        [source_id],
    )
    return {row["etag"] for row in rows}


def last_listings(layout: Layout, now: datetime) -> dict[str, dict[str, KnownListing]]:
    """The listings of each source by requested URL, as last read in full until now."""
    rows = snapshot_records(layout, LAST_LISTINGS.read_text(), {"now": now})
    found: dict[str, dict[str, KnownListing]] = defaultdict(dict)
    for row in rows:
        source_id, url = row.pop("source_id"), row.pop("url_requested")
        found[source_id][url] = KnownListing(**row)
    return found
