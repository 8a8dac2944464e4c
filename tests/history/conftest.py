"""A source with a paper of the past on loopback, and what fills its history."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.collect.fetch.client import Client
from tasks.history import old_sitemaps
from tasks.history.periods import Period
from tasks.history.visit import Job, SourceHistory, collect_history
from tasks.history.wayback import Wayback
from tasks.load.load_run import load
from tasks.locks.run_locks import new_run_id
from tasks.refine.refine_archive import refine
from tasks.refine.run_archives import run_part
from tasks.settings import History, Limits
from tasks.sources.source import Source
from tests.support.archived_news import POOL
from tests.support.build_warcs import page
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS, source
from tests.support.web_archive import StoredCapture, WebArchive
from warehouse.layers.layout import Layout
from warehouse.read.query import query

LIMITS = Limits(max_bytes=200_000, max_seconds=2, connect_seconds=2)
MAY = Period(date(2024, 5, 1), date(2024, 5, 3))
DOMAIN = "paper0.co.uk"


def article(number: int, day: int = 1, hours: float = 8, **about: Any) -> StoredCapture:
    """A capture of an article that appeared on a day of May."""
    url = f"https://www.{DOMAIN}/2024/05/{day:02d}/harbour-board-meets-{number:05d}.html"
    at = datetime(2024, 5, day, tzinfo=UTC) + timedelta(hours=hours)
    return StoredCapture(url, at, **{"body": page(0, number, day=day)} | about)


@dataclass
class Desk:
    """An installation with one source, and the archive that it asks."""

    root: Path
    archive: WebArchive
    source: Source = field(default_factory=lambda: source("gb-harbour", domains=(DOMAIN,)))
    rows: int = 1_000
    runs: int = 0

    @property
    def layout(self) -> Layout:
        return Layout(self.root / "data")

    def history(self, period: Period = MAY, places: str = "wayback", **about: Any) -> SourceHistory:
        """One run of the flow, without Prefect."""
        self.runs += 1
        run_id = new_run_id(datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=self.runs))
        settings = History(wayback=self.archive.url, pause_seconds=0, index_rows=self.rows)
        requests = about.pop("max_requests", 1_000)
        every = {"wayback": Wayback([self.source]).fill, "sitemaps": old_sitemaps.fill}
        asked = tuple(every[name] for name in places.split())
        cache = self.layout.cache
        with Client(LIMITS, "Presswatch/0", cache, backoff_seconds=0.01) as client:
            job = Job(self.layout, run_id, client, settings, period, requests, **about)
            found = collect_history(job, self.source, asked)
        if found.collected.warc:
            sources = {self.source.id: self.source}
            batch = refine(found.collected.warc, run_id, self.layout, sources, POOL)
            self.load(run_part(run_id, [batch], flow="history"))
        return found

    def load(self, *runs: Any) -> None:
        load(self.layout, topics=TOPICS, sources=(self.source,), runs=runs)
        publish(self.layout)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        return list(query(self.layout, sql).to_pylist())

    def days(self, columns: str = "state, reasons, extracted, archived") -> dict[int, Any]:
        rows = self.ask(
            f"SELECT day, {columns} FROM coverage WHERE day >= '2024-05-01' ORDER BY day"
        )
        return {row.pop("day").day: tuple(row.values()) for row in rows}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with WebArchive() as archive:
        yield Desk(tmp_path, archive)
