"""Entries that a feed has lost between two reads are recovered from the source's news sitemap."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.collect.collector import Collected
from tasks.collect.fetch import Client
from tasks.collect.recovery import USUAL_PLACES, places
from tasks.process_pool import PagePool
from tasks.settings import Limits
from tasks.sources.source import Source
from tests.collect.test_collect import XML, Desk, fetched, page, source
from tests.support.kept_folder import KeptFolder
from tests.support.loopback import AGENT, Loopback, http
from warehouse.layers.layout import Layout
from warehouse.read.listing_gaps import RecoveryRead
from warehouse.read.query import query
from warehouse.read.source_health import source_health

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


class Paper(Desk):
    """A paper with an article an hour, whose feed shows the last ten; hours count from START."""

    def __init__(self, root: Path, pool: PagePool, web: Loopback) -> None:
        super().__init__(root, pool)
        self.web, self.hour, self.published, self.max_new = web, 0, -10, 0
        self.one = source(feeds=(web.url + "/feed",))

    def run(self, *sources: Source, **options: Any) -> list[Collected]:
        limits = Limits(max_seconds=5, max_tries=1)
        now = self.at(self.hour)
        with Client(limits, AGENT, self.layout.cache, clock=lambda: now) as client:
            collector = replace(self.collector(client), now=now, max_new=self.max_new)
            return [collector.collect(each) for each in sources]

    def visit(self, hour: int) -> list[str]:
        """Publish until then, collect and load; the paths that were asked for."""
        self.show(hour)
        self.run_and_load(self.one)
        return fetched(self.web)

    def look(self, hour: int) -> list[str]:
        """Publish until then and collect; what came is not loaded."""
        self.show(hour)
        self.run(self.one)
        return fetched(self.web)

    def show(self, hour: int) -> None:
        """Publish until then."""
        self.hour = hour
        for number in range(self.published, hour):
            self.web.say(f"/a{number}", page(f"All about number {number}"))
        self.published = hour
        items = "".join(
            f"<item><link>{self.web.url}/a{each}</link>"
            f"<pubDate>{format_datetime(self.at(each))}</pubDate></item>"
            for each in range(hour - 10, hour)
        )
        rss = f'<rss version="2.0"><channel>{items}</channel></rss>'
        self.web.say("/feed", http(rss.encode(), **XML))
        self.web.hits.clear()

    def say_sitemap(self, path: str, hours: Iterable[int], more: str = "") -> str:
        urls = "".join(
            f"<url><loc>{self.web.url}/a{each}</loc><n:news><n:publication_date>"
            f"{self.at(each).isoformat()}</n:publication_date></n:news></url>"
            for each in hours
        )
        text = f'<urlset xmlns:n="{NEWS}">{urls}{more}</urlset>'
        return self.web.say(path, http(text.encode(), **XML))

    def at(self, hour: int) -> datetime:
        return START + hour * HOUR

    def ask(self, sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = query(self.layout, sql).to_pylist()
        return rows

    def gaps(self) -> list[dict[str, Any]]:
        return self.ask(
            "SELECT epoch(covers_from - previous_read_at) / 3600 AS hours, estimated_lost"
            " FROM listing_reads WHERE rolled_over ORDER BY read_at"
        )

    def collected(self) -> int:
        (row,) = self.ask("SELECT count(*) AS articles FROM articles")
        return int(row["articles"])


@pytest.fixture
def paper(tmp_path: Path, pool: PagePool, web: Loopback) -> Paper:
    return Paper(tmp_path / "data", pool, web)


@pytest.fixture(scope="module")
def first_visit(
    lasting_web: Loopback, pool: PagePool, tmp_path_factory: pytest.TempPathFactory
) -> KeptFolder:
    def fill(layout: Layout) -> None:
        assert "/news-sitemap.xml" not in Paper(layout.root, pool, lasting_web).visit(0)

    return KeptFolder(tmp_path_factory.mktemp("visited"), fill)


@pytest.fixture
def visited(first_visit: KeptFolder, pool: PagePool, lasting_web: Loopback) -> Paper:
    """A paper that was visited at hour 0, and has no news sitemap yet."""
    lasting_web.forget()
    paper = Paper(first_visit.restored().root, pool, lasting_web)
    paper.number, paper.published = 1, 0
    return paper


def test_what_a_feed_lost_is_collected_from_the_sitemap_and_the_gap_closes(visited: Paper) -> None:
    """T1: 24 articles a day, a feed of ten, one poll a day."""
    for day in (1, 2):
        visited.say_sitemap("/sitemap-news.xml", range(24 * day - 48, 24 * day))
        asked = visited.visit(24 * day)
        assert asked[1 : 2 if day == 2 else 3] == (
            ["/sitemap-news.xml"] if day == 2 else ["/news-sitemap.xml", "/sitemap-news.xml"]
        ), "the second time it is known where it is"
        assert visited.collected() == 10 + 24 * day
    assert visited.gaps() == [{"hours": 0, "estimated_lost": None}] * 2
    assert visited.ask("SELECT DISTINCT listings, unread FROM polls") == [
        {"listings": [visited.one.feeds[0]], "unread": []}
    ]


def test_a_source_without_a_news_sitemap_is_healthy_and_is_searched_once(visited: Paper) -> None:
    assert visited.visit(24)[1:7] == list(USUAL_PLACES)
    assert not set(USUAL_PLACES) & set(visited.visit(48))
    assert source_health(visited.layout)["gb-post"].state == "healthy"
    assert visited.ask("SELECT DISTINCT listings_failed FROM runs") == [{"listings_failed": 0}]
    first, second = visited.gaps()
    assert 14 <= first["hours"] <= 17
    assert first["estimated_lost"] > 10
    assert second["hours"] == first["hours"]


def test_a_sitemap_that_robots_txt_names(paper: Paper) -> None:
    """Of its index only what looks like news, of that only what is dated in the gap."""
    index = "".join(
        f"<sitemap><loc>{paper.web.url}/{name}.xml</loc></sitemap>"
        for name in ("archive", "news-today", "authors")
    )
    paper.web.say("/index.xml", http(f"<sitemapindex>{index}</sitemapindex>".encode(), **XML))
    robots = f"Sitemap: http://[broken\nSitemap: {paper.web.url}/index.xml?of=news\n"
    paper.web.say("/index.xml?of=news", *paper.web.answers("/index.xml"))
    paper.web.say("/robots.txt", http(robots.encode()))
    undated = f"<url><loc>{paper.web.url}/undated</loc></url>"
    foreign = "<url><loc>https://elsewhere.test/a</loc><n:publication_date>"
    foreign += f"{paper.at(8).isoformat()}</n:publication_date></url>"
    paper.say_sitemap("/news-today.xml", range(-400, 24), undated + foreign)
    paper.visit(0)
    asked = paper.visit(24)
    assert asked[:3] == ["/feed", "/index.xml?of=news", "/news-today.xml"]
    assert not {"/archive.xml", "/undated", "/a-30"} & set(asked)
    assert paper.collected() == 10 + 24
    assert paper.gaps() == [{"hours": 0, "estimated_lost": None}]


def test_a_sitemap_that_failed_is_read_at_a_later_visit(visited: Paper) -> None:
    visited.web.say("/news-sitemap.xml", http(b"", "503 Service Unavailable"))
    assert "/news-sitemap.xml" in visited.visit(24)
    assert visited.collected() == 20
    (gap,) = visited.gaps()
    assert gap["hours"] > 10
    assert source_health(visited.layout)["gb-post"].state == "healthy"
    visited.say_sitemap("/news-sitemap.xml", range(-20, 26))
    assert visited.visit(26)[1:2] == ["/news-sitemap.xml"]
    assert visited.collected() == 10 + 26
    assert visited.gaps() == [{"hours": 0, "estimated_lost": None}]
    assert visited.look(27) == ["/feed", "/a26"]


def test_pages_for_which_a_run_had_no_room_are_collected_by_the_next_one(visited: Paper) -> None:
    visited.max_new = 30
    collected = []
    for hour in (48, 49):
        visited.say_sitemap("/news-sitemap.xml", range(hour))
        assert "/news-sitemap.xml" in visited.visit(hour)
        collected.append(visited.collected())
    assert collected == [10 + 30, 10 + 49]
    assert visited.look(50) == ["/feed", "/a49"]
    assert visited.ask("SELECT DISTINCT state FROM coverage WHERE day = DATE '2026-03-02'") == [
        {"state": "observed"}
    ]


def test_places_where_a_news_sitemap_may_be() -> None:
    site, now = "https://news.test", START
    named = [f"{site}/sitemap.xml", f"{site}/sitemap-news-en.xml", f"{site}/authors.xml"]
    usual = [site + path for path in USUAL_PLACES]
    every = [named[1], *usual, named[0], named[2]]
    assert places(site, named, {}, now) == every
    gone = RecoveryRead(now - 2 * HOUR, is_read=False, is_retryable=False)
    away = replace(gone, is_retryable=True)
    past = {named[1]: gone, usual[0]: away, usual[1]: replace(away, attempted_at=now)}
    assert places(site, named, past, now) == [usual[0], *usual[2:], named[0], named[2]]
    past[named[0]] = replace(gone, is_read=True)
    assert places(site, named, past, now) == [named[0]]
