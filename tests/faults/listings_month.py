"""A simulated month in which listings alone are read: thirty days in minutes.

It is that of simulated_month.py without HTTP, archives, extraction and loads. What a listing shows
comes from the newsroom; what becomes of it is the product's own: `summary()`, recovery's `Gap`, the
SQL of `listing_reads`, `source_calendars`, `coverage`, `poll_intervals` and of the circuit breaker.

It differs from the product in this:

- robots.txt is not asked for, so a news sitemap is known as soon as a feed has lost entries;
- each article that is asked for is collected: pages do not fail, nor end a source's time;
- a host that is down answers at once, whichever way it fails;
- a poll takes 200 ms;
- marts are computed as a whole at the end; until then, when polled by interval, `listing_reads` of
  each run as it was at its end.
"""

import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from tasks.collect.due_sources import MAX_EARLY
from tasks.collect.listings import Listing
from tasks.collect.listings.summary import summary
from tasks.collect.missed_entries import RECOVERY, USUAL_PLACES, Gap
from tasks.model import Entry, ListingSummary
from tasks.settings import Limits
from tasks.text.urls import fold_url
from tests.faults.simulated_month import POLLINGS, Lived
from tests.support.busy_newsroom import NEWS_SITEMAP, Month, Paper, RequestCounts, Story
from warehouse.build.loader import make_relations
from warehouse.build.mart_merge import marts
from warehouse.build.sql_files import read_sql
from warehouse.layers.parquet_schemas import CAPTURE_SCHEMA
from warehouse.read.known_urls import KnownListing
from warehouse.read.query import records

POLL = timedelta(milliseconds=200)
USUAL = timedelta(days=30)
"""How far back the reads reach by which a read is judged, as in last_listings.sql."""
LIMITS = Limits()
KEYS = {
    "listing_reads": "SELECT capture_id FROM captures WHERE outcome = 'listed'",
    "source_calendars": "SELECT source_id FROM sources",
    "coverage": "SELECT source_id, unnest(days_between(first_day, last_day)) AS day"
    " FROM source_calendars",
}
"""Of all rows of the marts, each after those that it reads."""

Row = dict[str, Any]


def pass_listings(month: Month, polling: str) -> Lived:
    """Let the month pass for an installation of one polling."""
    began, used = time.monotonic(), time.process_time()
    installation = _Installation(month, polling)
    installation.live()
    return Lived(
        polling,
        partial(records, installation.con),
        installation.asked,
        installation.runs,
        time.monotonic() - began,
        time.process_time() - used,
    )


class _Source:
    """A source as an installation knows it."""

    def __init__(self, paper: Paper, month: Month, asked: RequestCounts) -> None:
        self.paper, self.month, self.asked = paper, month, asked
        self.feed_url = f"https://{paper.id}.test/feed"
        self.due_at = self.open_until = month.start
        self.articles: list[Row] = []
        self._stories = month.stories[paper.id]
        self._times = [story.at for story in self._stories]
        self._before: Listing | None = None
        self._last: KnownListing | None = None
        self._reads: list[ListingSummary] = []
        self._read_at: list[datetime] = []
        self._known: set[str] = set()
        self._gap: Gap | None = None
        self._has_searched = False

    def visit(self, at: datetime) -> tuple[list[Row], int]:
        """Read the feed, fetch what is new; the captures of listings, and how many pages are left.

        There is one capture without a summary where the host is down.
        """
        self.asked.requests[self.paper.id, "feed"] += 1
        if self.month.outage_at(self.paper.id, at):
            return [self._capture(self.feed_url, at, None)], 0
        self.asked.reads.setdefault(self.paper.id, []).append(at)
        told = self._stories[: bisect_right(self._times, at)]
        feed = self._listing("feed", told[: -self.paper.listed - 1 : -1])
        found = summary(feed, self._before, self._last, self._known, {}, at)
        self._remember(feed, found, at)
        captures, named = [self._capture(self.feed_url, at, found)], list(feed.entries)
        if found.previous_read_at and found.entries and found.is_continued is False:
            self._gap = Gap(found.previous_read_at, found.window_from or at)
        if self._gap:
            recovered = self._recover(self._gap, feed, told, at + POLL / 4)
            captures += [capture for capture, _ in recovered]
            named += [entry for _, entries in recovered for entry in entries]
        left = self._fetch(named, at)
        self._gap = self._gap if left else None
        return captures, left

    def _remember(self, feed: Listing, found: ListingSummary, at: datetime) -> None:
        self._reads.append(found)
        self._read_at.append(at)
        usual = slice(bisect_right(self._read_at, at - USUAL), None)
        pairs = [*zip(self._read_at[usual], self._reads[usual], strict=True)]
        windows = [(on - one.window_from).total_seconds() for on, one in pairs if one.window_from]
        most = max(one.entries for _, one in pairs)
        self._last = KnownListing(None, None, "", "", at, most, max(windows, default=None))
        self._before = feed

    def _recover(
        self, gap: Gap, feed: Listing, told: Sequence[Story], at: datetime
    ) -> list[tuple[Row, list[Entry]]]:
        """The capture of the news sitemap and what it names of the gap; nothing without one."""
        found, is_closed = [], False
        if self.paper.has_sitemap:
            self.asked.requests[self.paper.id, "sitemap"] += 1
            recent = [story for story in reversed(told) if story.at > at - NEWS_SITEMAP]
            sitemap = self._listing("sitemap", recent)
            feeds = {fold_url(entry.url): entry.published_at for entry in feed.entries}
            read = summary(sitemap, None, None, self._known | feeds.keys(), feeds, at)
            is_closed = gap.is_closed_by(read)
            capture = self._capture(f"https://{self.paper.id}.test/news.xml", at, read, RECOVERY)
            found = [(capture, [entry for entry in sitemap.entries if gap.has(entry)])]
        if not is_closed and not self._has_searched:
            self.asked.requests[self.paper.id, "sitemap"] += len(USUAL_PLACES)  # none is there
        self._has_searched = True
        return found

    def _fetch(self, named: Sequence[Entry], at: datetime) -> int:
        """Collect what is new up to the limit of a run; how many pages are left."""
        by_key = {fold_url(entry.url): entry for entry in named}
        new = [key for key in by_key if key not in self._known]
        for key in new[: LIMITS.max_new_articles]:
            self._known.add(key)
            self.asked.requests[self.paper.id, "page"] += 1
            self.articles.append(
                {
                    "source_id": self.paper.id,
                    "url_canonical": by_key[key].url,
                    "published_at": by_key[key].published_at,
                    "fetched_at": at,
                }
            )
        return len(new[LIMITS.max_new_articles :])

    def _listing(self, kind: str, told: Sequence[Story]) -> Listing:
        site = f"https://{self.paper.id}.test"
        entries = [Entry(site + story.path, kind, published_at=story.at) for story in told]
        return Listing(kind, tuple(entries))

    def _capture(
        self, url: str, at: datetime, found: ListingSummary | None, found_in: str | None = None
    ) -> Row:
        return {
            "source_id": self.paper.id,
            "kind": "listing",
            "url_requested": url,
            "found_in": found_in,
            "attempted_at": at,
            "outcome": "listed" if found else "server_error",
            "listing": asdict(found) if found else None,
        }


class _Installation:
    """The sources of a month and a warehouse in memory."""

    def __init__(self, month: Month, polling: str) -> None:
        self.month, self.polling = month, POLLINGS[polling]
        self.by_interval = polling == "adaptive"
        self.asked, self.runs, self._captured = RequestCounts(), 0, 0
        self.sources = [_Source(paper, month, self.asked) for paper in month.papers]
        self.con = con = duckdb.connect()
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET threads = 1")  # the relations are small
        make_relations(con)
        con.execute(read_sql("steps")["macros"])
        skip = (LIMITS.failures_to_skip, LIMITS.first_skip, LIMITS.longest_skip)
        con.execute("INSERT INTO breaker VALUES (?, ?, ?)", skip)
        con.executemany(
            "INSERT INTO sources (source_id, is_configured, is_watched) VALUES (?, true, true)",
            [[paper.id] for paper in month.papers],
        )

    def live(self) -> None:
        """Make all runs, then compute the marts."""
        now, captures = self.month.start, list[Row]()
        while now < self.month.end:
            due = [one for one in self.sources if one.due_at <= now + MAX_EARLY]
            due = [one for one in due if one.open_until <= now]
            if due and not self.month.outage_at("", now):
                captures += self._run(due, now)
                if self.by_interval:
                    self._judge(captures)
                    captures.clear()
            now += self.polling.every
        self._insert("captures", captures, CAPTURE_SCHEMA)
        self._insert_articles()
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE source_zones AS"
            " SELECT source_id, 'UTC' AS zone FROM sources"
        )
        for name, keys in KEYS.items():
            self._compute(name, keys)

    def _run(self, due: Sequence[_Source], now: datetime) -> list[Row]:
        """Visit the sources that are due; their captures."""
        self.runs += 1
        about: Row = {"run_id": f"{now:%Y%m%dT%H%M%SZ}-000000"}
        captures, polls = list[Row](), list[Row]()
        for number, source in enumerate(due):
            at = now + number * POLL
            seen, left = source.visit(at)
            captures += [about | capture for capture in seen]
            poll = about | _poll(source, at, left, seen[0])
            polls.append(poll | {"sequence": self.runs})
        for capture in captures:
            self._captured += 1
            capture["capture_id"] = UUID(int=self._captured)
        self._insert("polls", polls)
        if any(poll["ended"] == "failed" for poll in polls):
            skipped = "SELECT source_id, open_until FROM source_polls WHERE open_until IS NOT NULL"
            until = {row["source_id"]: row["open_until"] for row in records(self.con, skipped)}
            for source in due:
                source.open_until = until.get(source.paper.id, now)
        return captures

    def _judge(self, captures: Sequence[Row]) -> None:
        """Find when the sources of a run are due again."""
        self._insert("captures", captures, CAPTURE_SCHEMA)
        run_id, source_ids = captures[0]["run_id"], {one["source_id"] for one in captures}
        self._compute("listing_reads", f"{KEYS['listing_reads']} AND run_id = '{run_id}'")
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE touched AS SELECT unnest(?) AS source_id",
            [sorted(source_ids)],
        )
        rows = records(self.con, marts()["poll_intervals"].query)
        due_at = {row["source_id"]: row["due_at"] for row in rows}
        for source in self.sources:
            source.due_at = due_at.get(source.paper.id, source.due_at)

    def _compute(self, name: str, keys: str) -> None:
        """Compute the rows of a mart that have some keys."""
        mart = marts()[name]
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE touched AS {keys}")
        self.con.execute(f"DELETE FROM {name} WHERE ({mart.key}) IN (FROM touched)")
        self.con.execute(f"INSERT INTO {name} BY NAME {mart.query}")

    def _insert(self, name: str, rows: Sequence[Row], schema: pa.Schema | None = None) -> None:
        self.con.register("new", pa.Table.from_pylist(list(rows), schema=schema))
        self.con.execute(f"INSERT INTO {name} BY NAME FROM new")
        self.con.unregister("new")

    def _insert_articles(self) -> None:
        articles = [article for source in self.sources for article in source.articles]
        self._insert("articles", articles)
        self.con.execute(
            "UPDATE articles SET article_id = uuid(), published_date = utc_day(published_at),"
            " first_seen_at = fetched_at, is_truncated = false, version_no = 1"
        )
        self.con.execute(
            "INSERT INTO pages BY NAME SELECT source_id, hash(url_canonical) AS url_hash,"
            " published_date AS day, article_id, true AS gave_article, true AS was_read,"
            " false AS is_lost, 1 AS stands_for FROM articles"
        )


def _poll(source: _Source, at: datetime, left: int, capture: Mapping[str, Any]) -> Row:
    is_read = capture["listing"] is not None
    return {
        "source_id": source.paper.id,
        "polled_at": at,
        "listings": [source.feed_url],
        "listings_read": int(is_read),
        "unread": [] if is_read else [source.feed_url],
        "pages_to_retry": left,
        "ended": "read" if is_read else "failed",
        "failed_at": None if is_read else at,
        "failure_outcome": None if is_read else capture["outcome"],
    }
