"""URLs and files that earlier runs have already collected, read from the current snapshot."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

T = TypeVar("T")

# Outcomes that may be temporary: a feed may name a page before it exists, a busy server may show a
# captcha, and who is asked for consent depends on the address and the settings of the requests. If
# accepted at once, they would exclude an article for good. HTTP 410 is permanent by definition.
MOMENTARY = (
    *("not_found", "soft_404", "bot_challenge", "consent_wall"),
    *("empty_page", "page_timed_out"),
)
EARLIEST = datetime.min.replace(tzinfo=UTC)
MAX_TRIES = 3  # after which such an outcome is accepted

QUERIES = Path(__file__).parents[1] / "queries"
LAST_LISTINGS, KNOWN_URLS = QUERIES / "last_listings.sql", QUERIES / "known_urls.sql"


class QueryCache:
    """Query results computed once for all sources of a run, by the first thread to need them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[Hashable, Any] = {}

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The result of `ask` for a question of several threads, computed by the first."""
        with self._lock:
            if question not in self._answers:
                self._answers[question] = ask()
            answer: T = self._answers[question]
            return answer


@dataclass(slots=True, eq=False)
class _Request:
    keys: frozenset[str]
    known: dict[str, frozenset[str]] | None = None


class KnownUrls:
    """Finds the URLs that need not be fetched again, for the threads of a run.

    Requests that arrive during a query are answered together by the next query.
    """

    # Each query reads all captures, and hundreds of sources need one at the same time: this reduces
    # 200 queries to about 40.

    def __init__(self, since: datetime = EARLIEST) -> None:
        self.since = since
        self._lock = Lock()
        self._pending: deque[_Request] = deque()

    def among(self, layout: Layout, folded_urls: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Those of the folded URLs that are known, as `known_urls` returns them."""
        request = _Request(frozenset(folded_urls))
        if not request.keys:
            return {}
        self._pending.append(request)
        with self._lock:
            # Set if the thread that held the lock before has answered this request as well.
            if request.known is None:
                batch = [request]
                while self._pending:
                    batch.append(self._pending.popleft())
                keys = frozenset().union(*(other.keys for other in batch))
                known = known_urls(layout, keys, self.since)
                for other in batch:
                    other.known = {key: known[key] for key in other.keys & known.keys()}
        return request.known or {}


@dataclass(frozen=True, slots=True)
class KnownListing:
    """A listing as last read: its validators for a conditional GET, and where its copy is."""

    etag: str | None
    last_modified: str | None
    raw_ref: str
    content_type: str
    read_at: datetime  # of the last read, even if the listing was unchanged
    most_entries: int | None  # over the thirty days before
    longest_window: float | None  # seconds, likewise


def known_urls(
    layout: Layout, folded_urls: Iterable[str], since: datetime = EARLIEST
) -> dict[str, frozenset[str]]:
    """Those of the folded URLs that need not be fetched again, with the sources of their articles.

    A source whose article was last captured before `since` is not among them.

    A URL is known if a fetch of it ended in an outcome that is not retryable, or MAX_TRIES times in
    one of MOMENTARY. Requested, final and canonical URLs all count. But a page that its source left
    for later, or that failed, is fetched though another URL led to its article: it would stay lost.
    A saved file does not count as a fetch, since the source may have revised the article later; nor
    does a capture of the Wayback Machine that gave no article, nor one that a backfill gave to
    archive-<domain>: a source of sources.toml that lists the page takes it over.
    """
    # Not as a registered Arrow table: when threads open the same file at the same time, DuckDB
    # 2.0.1 fails in 30 of 1,200 cases with "python_arrow_scan does not exist".
    rows = snapshot_records(
        layout,
        KNOWN_URLS.read_text(),
        {
            "keys": sorted(set(folded_urls)),
            "since": since,
            "tries": MAX_TRIES,
            "momentary": MOMENTARY,
        },
    )
    return {row["key"]: frozenset(row["source_ids"]) for row in rows}


def lost_pages(layout: Layout, source_id: str, folded_urls: Iterable[str]) -> set[str]:
    """Which of the folded URLs are pages of the source that are counted as lost, each by itself.

    An attempt of an earlier version may stand for all pages of its day that were left for later.
    """
    lost = "is_lost AND NOT gave_article AND stands_for = 1"
    return _pages_among(layout, source_id, folded_urls, lost)


def unplaced_pages(layout: Layout, source_id: str, folded_urls: Iterable[str]) -> set[str]:
    """Which of the folded URLs are lost or undated pages of the source whose day is not known."""
    unplaced = "day IS NULL AND (is_undated OR is_lost AND NOT gave_article)"
    return _pages_among(layout, source_id, folded_urls, unplaced)


def _pages_among(
    layout: Layout, source_id: str, folded_urls: Iterable[str], condition: str
) -> set[str]:
    keys = sorted(set(folded_urls))
    if not keys:
        return set()
    query = (
        "SELECT DISTINCT key FROM (SELECT unnest(url_keys) AS key FROM captures SEMI JOIN"  # noqa: S608
        f" (FROM pages WHERE {condition}) AS chosen"
        " USING (source_id, url_hash) WHERE kind = 'page' AND source_id = $source_id)"
        " SEMI JOIN (SELECT unnest($keys::VARCHAR[]) AS key) USING (key)"
    )
    rows = snapshot_records(layout, query, {"source_id": source_id, "keys": keys})
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


def files_read_since(layout: Layout, source_id: str, now: datetime) -> dict[str, datetime | None]:
    """When the last run that read each saved file of a source began, by URL.

    None if all began in the future, by a wrong clock.
    """
    rows = snapshot_records(
        layout,
        "SELECT url_requested, max(started_at) FILTER (started_at <= $now::TIMESTAMPTZ) AS since"
        " FROM captures JOIN runs USING (run_id)"
        " WHERE kind = 'file' AND source_id = $source_id GROUP BY url_requested",
        {"source_id": source_id, "now": now},
    )
    return {row["url_requested"]: row["since"] for row in rows}


def last_listings(layout: Layout, now: datetime) -> dict[str, dict[str, KnownListing]]:
    """The listings of each source by requested URL, as last read in full before `now`."""
    rows = snapshot_records(layout, LAST_LISTINGS.read_text(), {"now": now})
    found: dict[str, dict[str, KnownListing]] = defaultdict(dict)
    for row in rows:
        source_id, url = row.pop("source_id"), row.pop("url_requested")
        found[source_id][url] = KnownListing(**row)
    return found
