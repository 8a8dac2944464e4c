"""What earlier runs have already collected, read from the current snapshot."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from warehouse.layers.layout import Layout
from warehouse.read.query import open_snapshot, records

T = TypeVar("T")


class Once:
    """What a run asks for all its sources at once, whichever of its threads is the first to."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[Hashable, Any] = {}

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question that several threads have, asked for once."""
        with self._lock:
            if question not in self._answers:
                self._answers[question] = ask()
            answer: T = self._answers[question]
            return answer


@dataclass(slots=True, eq=False)
class _Asked:
    keys: frozenset[str]
    known: set[str] | None = None


class KnownUrls:
    """Which URLs need not be fetched again, for the threads of a run.

    What threads ask while another one's question is answered is asked together after it: each
    question looks at all captures, and hundreds of sources come at the same time.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[_Asked] = deque()

    def among(self, layout: Layout, folded_urls: Iterable[str]) -> set[str]:
        """Which of the folded URLs are known, as `known_urls` says."""
        asked = _Asked(frozenset(folded_urls))
        if not asked.keys:
            return set()
        self._waiting.append(asked)
        with self._lock:
            if asked.known is None:
                together = [asked]
                while self._waiting:
                    together.append(self._waiting.popleft())
                keys = frozenset().union(*(other.keys for other in together))
                known = known_urls(layout, keys)
                for other in together:
                    other.known = known & other.keys
        return asked.known or set()


@dataclass(frozen=True, slots=True)
class KnownListing:
    """A listing as it was last read: what to send with a conditional GET, and where its copy is."""

    etag: str | None
    last_modified: str | None
    raw_ref: str
    content_type: str
    attempted_at: datetime


def known_urls(layout: Layout, folded_urls: Iterable[str]) -> set[str]:
    """Which of the folded URLs need not be fetched again.

    A URL is known when a page fetched under it ended in an outcome that another try would not
    better. Requested, final and canonical URLs all count. A saved file is no fetch: the source may
    have revised its article since.
    """
    con = open_snapshot(layout)
    if con is None:
        return set()
    with con:
        # Not as a registered Arrow table: with threads that open one file at the same time DuckDB
        # 2.0.1 then fails at times, "Table Function with name python_arrow_scan does not exist".
        rows = con.execute(
            "SELECT DISTINCT key FROM ("
            " SELECT unnest(url_keys) AS key FROM captures JOIN outcomes USING (outcome)"
            " WHERE kind = 'page' AND NOT is_retryable)"
            " SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS key) USING (key)",
            [sorted(set(folded_urls))],
        ).fetchall()
    return {row[0] for row in rows}


def known_files(layout: Layout, source_id: str) -> set[str]:
    """Etags of the source's saved files as they were last taken in.

    A file that went back to an earlier state has changed, too.
    """
    con = open_snapshot(layout)
    if con is None:
        return set()
    with con:
        rows = con.execute(
            "SELECT DISTINCT arg_max(etag, run_id) FROM captures JOIN outcomes USING (outcome)"
            " WHERE kind = 'file' AND source_id = ? AND etag IS NOT NULL AND NOT is_retryable"
            " GROUP BY url_requested",
            [source_id],
        ).fetchall()
    return {row[0] for row in rows}


def last_listings(layout: Layout) -> dict[str, dict[str, KnownListing]]:
    """Each source's listings by the URL asked for, each as it was last read in full."""
    con = open_snapshot(layout)
    if con is None:
        return {}
    with con:
        rows = records(
            con,
            "SELECT source_id, url_requested, etag, last_modified, raw_ref, content_type,"
            " attempted_at FROM captures"
            " WHERE kind = 'listing' AND outcome = 'listed' AND raw_ref IS NOT NULL"
            " QUALIFY row_number() OVER (PARTITION BY source_id, url_requested"
            " ORDER BY attempted_at DESC, capture_id DESC) = 1",
        )
    found: dict[str, dict[str, KnownListing]] = defaultdict(dict)
    for row in rows:
        source_id, url = row.pop("source_id"), row.pop("url_requested")
        found[source_id][url] = KnownListing(**row)
    return found
