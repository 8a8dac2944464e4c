"""Searches that run in the background, through the texts day by day, the newest first."""

import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from threading import BoundedSemaphore, Event, Lock, Thread

import duckdb

from flows.desk.search_query import MatchedArticle, Query
from flows.desk.search_syntax import WITHIN
from flows.desk.snapshots import Snapshots
from warehouse.layers.layout import Layout
from warehouse.questions.citation import citation, missing
from warehouse.questions.search_texts import Days, Row, articles_by_day, file_days, found_series
from warehouse.questions.selection import UNITS, Selection, choices
from warehouse.questions.texts import files_by_day, files_of_days
from warehouse.read.query import QueryError

log = logging.getLogger(__name__)

MAX_RUNNING = 2  # searches; the others wait
MAX_KEPT = 10
MAX_LISTED = 2_000  # articles that a search keeps, with their contexts; the others are only counted
FIRST_BATCH, LATER_BATCH = 1_000, 5_000  # read at a time: the first results come at once
CANCEL_SECONDS = 60.0  # seconds without a request for a search after which it is cancelled
FIRST_WAIT_SECONDS = 0.3  # seconds that a request waits for a search, which may end at once

Key = tuple[Query, Selection, int]


@dataclass
class Search:
    """One search: what it looks for, how far it has come, and what it has found."""

    query: Query
    selection: Selection
    load_no: int
    state: str = "waiting"  # running, done, cancelled, failed
    articles: int = 0
    searched: int = 0
    back_to: date | None = None  # the earliest day that has been searched
    found: int = 0
    listed: list[MatchedArticle] = field(default_factory=list)
    series: dict[str, list[Row]] = field(default_factory=dict)  # `found_series`, at the end
    # The line to cite, without an address, by unit, at the end: of the same snapshot as the series.
    citations: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    ended: Event = field(default_factory=Event)
    asked_at: float = field(default_factory=time.monotonic)
    _con: duckdb.DuckDBPyConnection | None = None
    _is_cancelled: bool = False

    @property
    def is_going_on(self) -> bool:
        """Whether more may be found."""
        return self.state in ("waiting", "running")

    def cancel(self) -> None:
        """End it soon; what it has found stays."""
        self._is_cancelled = True
        if self._con:
            self._con.interrupt()

    def _is_over(self) -> bool:
        return self._is_cancelled or time.monotonic() - self.asked_at > CANCEL_SECONDS

    def run(
        self,
        con: duckdb.DuckDBPyConnection,
        snapshot: ExitStack,
        layout: Layout,
        places: BoundedSemaphore,
    ) -> None:
        """Search the snapshot that `con` reads, when a place is free, and close it."""
        try:
            with snapshot:
                while not places.acquire(timeout=0.2):
                    if self._is_over():
                        self.state = "cancelled"
                        return
                try:
                    self._run_search(con, layout)
                finally:
                    places.release()
        except duckdb.InterruptException:
            self.state = "cancelled"
        except Exception as error:
            # A thread has no caller: the page shows the problem.
            if not isinstance(error, duckdb.Error | QueryError):
                log.exception("a search failed")
            self.state, self.problem = "failed", " ".join(str(error).split())[:300]
        finally:
            self._con = None
            self.ended.set()

    def _run_search(self, con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
        self.state = "running"
        self._con = con
        days = articles_by_day(con, self.selection)
        files = files_by_day(con, layout)
        self.articles = sum(number for _, number in days)
        by_day: Counter[tuple[str, date]] = Counter()
        for batch in _batches(days):
            if self._is_over():
                break
            part = replace(self.selection, first_day=batch[-1][0], last_day=batch[0][0])
            paths = files_of_days(files, file_days(con, part))
            has_room = len(self.listed) < MAX_LISTED
            found = self.query.find(con, paths, part, has_room) if paths else []
            by_day.update((each.source_id, each.day) for each in found)
            self.listed += found[: MAX_LISTED - len(self.listed)]
            self.found += len(found)
            self.searched += sum(number for _, number in batch)
            self.back_to = batch[-1][0]
        is_whole = self.searched == self.articles
        # Shares are of the days that were searched.
        since = self.selection.first_day if is_whole or not self.back_to else self.back_to
        series = found_series(con, replace(self.selection, first_day=since), by_day)
        self.citations = self._citations(con, series)
        self.series = series
        self.state = "done" if is_whole else "cancelled"

    def _citations(
        self, con: duckdb.DuckDBPyConnection, series: dict[str, list[Row]]
    ) -> dict[str, str]:
        [(loaded_at,)] = con.execute(
            "SELECT loaded_at FROM loads WHERE load_no = ?", [self.load_no]
        ).fetchall()
        about = f"Search for {self.query.line}"
        if self.query.within:
            about += f" within {WITHIN[self.query.within]}"
        known = choices(con, is_local=self.selection.is_local)
        cited = {}
        for unit in UNITS:
            if rows := series[unit]:
                selection = replace(self.selection, unit=unit)
                lacking = missing(con, selection, known, rows)
                cited[unit] = citation(con, selection, lacking, (self.load_no, loaded_at), about)
        return cited


def _batches(days: Days) -> Iterator[Days]:
    batch: list[tuple[date, int]] = []
    size = FIRST_BATCH
    for day in days:
        batch.append(day)
        if sum(number for _, number in batch) >= size:
            yield batch
            batch, size = [], LATER_BATCH
    if batch:
        yield batch


class Searches:
    """The last searches of all browsers, by query, selection and load."""

    def __init__(self, snapshots: Snapshots, layout: Layout) -> None:
        self._snapshots, self._layout = snapshots, layout
        self._places = BoundedSemaphore(MAX_RUNNING)
        self._lock = Lock()
        self._kept: OrderedDict[Key, Search] = OrderedDict()

    def get_or_begin(self, query: Query, selection: Selection, load_no: int) -> Search:
        """The search of that load, begun if it is not kept, or again if it was cancelled or failed.

        Waits FIRST_WAIT_SECONDS for its end.
        """
        key = query, selection, load_no
        with self._lock:
            search = self._kept.get(key)
            if search is None or search.state in ("cancelled", "failed"):
                # Opened now: a search that waits would read, and cite, a later load otherwise.
                snapshot = ExitStack()
                con = snapshot.enter_context(self._snapshots.cursor())
                [(opened,)] = con.execute("SELECT max(load_no) FROM loads").fetchall()
                search = self._kept[key] = Search(query, selection, opened)
                arguments = (con, snapshot, self._layout, self._places)
                Thread(target=search.run, args=arguments, daemon=True, name="search").start()
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)[1].cancel()
        search.asked_at = time.monotonic()
        search.ended.wait(FIRST_WAIT_SECONDS)
        return search

    def get(self, query: Query, selection: Selection, load_no: int) -> Search | None:
        """The search of that load, if it is kept."""
        search = self._kept.get((query, selection, load_no))
        if search:
            search.asked_at = time.monotonic()
        return search

    def close(self) -> None:
        """Cancel all searches when the desk ends, and wait for them."""
        for search in list(self._kept.values()):
            search.cancel()
        for search in list(self._kept.values()):
            search.ended.wait(5)
