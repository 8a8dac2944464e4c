"""Entries that a feed has lost between two reads are recovered from the source's news sitemap."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tasks.collect.collector import Collected
from tasks.collect.fetch.client import Client
from tasks.collect.missed_entries import USUAL_PLACES, news_sitemap_urls
from tasks.process_pool import PagePool
from tasks.settings import Limits
from tests.collect.test_collect import XML, Desk, fetched, page, source
from tests.support.loopback import AGENT, Loopback, http
from warehouse.layers.layout import Layout
from warehouse.read.listing_gaps import RecoveryRead
from warehouse.read.query import query
from warehouse.read.source_health import source_health

pytestmark = pytest.mark.slow

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


class Paper:
    """A paper with an article an hour, whose feed shows the last ten; hours count from START.

    A feed of a section shows the last ten of every third article.
    """

    def __init__(self, name: str, web: Loopback) -> None:
        self.web, self.published, self.max_new = web, -40, 0
        self.step = 3 if name in SECTIONS else 1
        self.one = source(name, feeds=(web.url + "/feed",))

    def collect(self, desk: Desk, hour: int) -> Collected:
        """Collect what it has published until then."""
        self.show(hour)
        limits, now = Limits(max_seconds=5, max_tries=1), self.at(hour)
        with Client(limits, AGENT, desk.layout.cache, clock=lambda: now) as client:
            collector = replace(desk.collector(client), now=now, max_new=self.max_new)
            return collector.collect(self.one)

    def show(self, hour: int) -> None:
        """Publish until then."""
        for number in range(self.published, hour):
            self.web.set_answers(self.path(number), page(f"All about number {number}"))
        self.published = hour
        items = "".join(
            f"<item><link>{self.web.url}{self.path(each)}</link>"
            f"<pubDate>{format_datetime(self.at(each))}</pubDate></item>"
            for each in [n for n in range(-40, hour) if n % self.step == 0][-10:]
        )
        rss = f'<rss version="2.0"><channel>{items}</channel></rss>'
        self.web.set_answers("/feed", http(rss.encode(), **XML))
        self.web.hits.clear()

    def say_sitemap(self, path: str, hours: Iterable[int], more: str = "") -> str:
        urls = "".join(
            f"<url><loc>{self.web.url}{self.path(each)}</loc><n:news><n:publication_date>"
            f"{self.at(each).isoformat()}</n:publication_date></n:news></url>"
            for each in hours
        )
        text = f'<urlset xmlns:n="{NEWS}">{urls}{more}</urlset>'
        return self.web.set_answers(path, http(text.encode(), **XML))

    def say_index(self) -> None:
        """Have robots.txt name an index, of three sitemaps."""
        index = "".join(
            f"<sitemap><loc>{self.web.url}/{name}.xml</loc></sitemap>"
            for name in ("archive", "news-today", "authors")
        )
        self.web.set_answers(
            "/index.xml?of=news", http(f"<sitemapindex>{index}</sitemapindex>".encode(), **XML)
        )
        robots = f"Sitemap: http://[broken\nSitemap: {self.web.url}/index.xml?of=news\n"
        self.web.set_answers("/robots.txt", http(robots.encode()))

    def path(self, number: int) -> str:
        section = SECTIONS.get(self.one.id, ("", ""))[number % self.step > 0]
        return f"{section}/a{number}"

    def at(self, hour: int) -> datetime:
        return START + hour * HOUR


SECTIONS = {
    "gb-politics": ("/news/politics/2026", "/news/sport/2026"),
    "gb-no-sections": ("/2026", "/2026"),
}
"""Directories of the articles that the feed shows, and of the others."""
HOURS = {
    "gb-politics": (0, 45),
    "gb-no-sections": (0, 45),
    "gb-daily": (0, 24, 48),
    "gb-without": (0, 24, 48),
    "gb-named": (0, 24),
    "gb-failing": (0, 24, 26, 27),
    "gb-crowded": (0, 48, 49, 50),
}
"""When the papers are visited; what the fourth visit collects is not loaded."""


def say_sitemaps(paper: Paper, hour: int) -> None:
    """Have the paper's news sitemap as it is at a visit; most have none at the first one."""
    if paper.one.id == "gb-daily" and hour:
        paper.say_sitemap("/sitemap-news.xml", range(hour - 48, hour))
    elif paper.one.id == "gb-named":
        paper.say_index()
        undated = f"<url><loc>{paper.web.url}/undated</loc></url>"
        foreign = "<url><loc>https://elsewhere.test/a</loc><n:publication_date>"
        foreign += f"{paper.at(8).isoformat()}</n:publication_date></url>"
        paper.say_sitemap("/news-today.xml", range(-400, 24), undated + foreign)
    elif paper.one.id == "gb-failing" and hour == 24:
        paper.web.set_answers("/news-sitemap.xml", http(b"", "503 Service Unavailable"))
    elif paper.one.id == "gb-failing" and hour > 24:
        paper.say_sitemap("/news-sitemap.xml", range(-20, 26))
    elif paper.one.id in SECTIONS:
        paper.say_sitemap("/news-sitemap.xml", range(hour - 48, hour))
    elif paper.one.id == "gb-crowded" and hour:
        paper.say_sitemap("/news-sitemap.xml", range(hour))


@dataclass(frozen=True)
class Visit:
    """What came of a visit."""

    asked: list[str]
    """Paths, in order."""
    articles: int
    """Collected until then."""
    gaps: list[dict[str, Any]]
    """Reads of its feed that had lost entries."""
    state: str
    """As source_health has it."""


@dataclass(frozen=True)
class Visited:
    layout: Layout
    visits: Mapping[str, list[Visit]]

    def ask(self, sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = query(self.layout, sql).to_pylist()
        return rows

    def visit(self, name: str, asked: list[str]) -> Visit:
        (articles,) = self.ask(f"SELECT count(*) AS n FROM articles WHERE source_id = '{name}'")
        gaps = self.ask(
            "SELECT epoch(covers_from - previous_read_at) / 3600 AS hours, estimated_lost"
            f" FROM listing_reads WHERE rolled_over AND source_id = '{name}' ORDER BY read_at"
        )
        return Visit(asked, articles["n"], gaps, source_health(self.layout)[name].state)


@pytest.fixture(scope="module")
def visited(pool: PagePool, tmp_path_factory: pytest.TempPathFactory) -> Visited:
    """All papers, each on a host of its own: their first visits were loaded, and so on."""
    desk = Desk(tmp_path_factory.mktemp("visited"), pool)
    found = Visited(desk.layout, {name: [] for name in HOURS})
    with ExitStack() as webs:
        papers = [Paper(name, webs.enter_context(Loopback())) for name in HOURS]
        for turn in range(4):
            collected = []
            for paper in papers:
                for hour in HOURS[paper.one.id][turn : turn + 1]:
                    desk.number = turn
                    paper.max_new = 30 if paper.one.id == "gb-crowded" and turn else 0
                    say_sitemaps(paper, hour)
                    collected.append(paper.collect(desk, hour))
            if turn < 3:
                desk.load(*collected, sources=tuple(paper.one for paper in papers))
            for paper, each in zip(papers, HOURS.values(), strict=True):
                if each[turn : turn + 1]:
                    name = paper.one.id
                    found.visits[name].append(found.visit(name, fetched(paper.web)))
    return found


def test_what_a_feed_lost_is_collected_from_the_sitemap_and_the_gap_closes(
    visited: Visited,
) -> None:
    """T1: 24 articles a day, a feed of ten, one poll a day."""
    first, second, third = visited.visits["gb-daily"]
    assert not set(USUAL_PLACES) & set(first.asked)
    assert second.asked[1:3] == ["/news-sitemap.xml", "/sitemap-news.xml"]
    assert third.asked[1:2] == ["/sitemap-news.xml"], "now it is known where it is"
    assert [first.articles, second.articles, third.articles] == [10, 10 + 24, 10 + 48]
    assert third.gaps == [{"hours": 0, "estimated_lost": None}] * 2
    polls = "SELECT DISTINCT listings, unread FROM polls WHERE source_id = 'gb-daily'"
    (polled,) = visited.ask(polls)
    (listing,) = polled["listings"]
    assert (listing.endswith("/feed"), polled["unread"]) == (True, [])


def test_a_source_without_a_news_sitemap_is_healthy_and_is_searched_once(visited: Visited) -> None:
    _, second, third = visited.visits["gb-without"]
    assert second.asked[1:7] == list(USUAL_PLACES)
    assert not set(USUAL_PLACES) & set(third.asked)
    assert third.state == "healthy"
    assert visited.ask("SELECT DISTINCT listings_failed FROM runs") == [{"listings_failed": 0}]
    one, other = third.gaps
    assert 14 <= one["hours"] <= 17
    assert one["estimated_lost"] > 10
    assert other["hours"] == one["hours"]


def test_a_sitemap_that_robots_txt_names(visited: Visited) -> None:
    """Of its index only what looks like news, of that only what is dated in the gap."""
    _, second = visited.visits["gb-named"]
    assert second.asked[:3] == ["/feed", "/index.xml?of=news", "/news-today.xml"]
    assert not {"/archive.xml", "/undated", "/a-30"} & set(second.asked)
    assert second.articles == 10 + 24
    assert second.gaps == [{"hours": 0, "estimated_lost": None}]


def test_a_sitemap_that_failed_is_read_at_a_later_visit(visited: Visited) -> None:
    _, failed, read, last = visited.visits["gb-failing"]
    assert "/news-sitemap.xml" in failed.asked
    assert (failed.articles, failed.state) == (20, "healthy")
    (gap,) = failed.gaps
    assert gap["hours"] > 10
    assert read.asked[1:2] == ["/news-sitemap.xml"]
    assert read.articles == 10 + 26
    assert read.gaps == [{"hours": 0, "estimated_lost": None}]
    assert last.asked == ["/feed", "/a26"]


def test_pages_for_which_a_run_had_no_room_are_collected_by_the_next_one(visited: Visited) -> None:
    _, cut, whole, last = visited.visits["gb-crowded"]
    assert "/news-sitemap.xml" in cut.asked
    assert "/news-sitemap.xml" in whole.asked
    assert [cut.articles, whole.articles] == [10 + 30, 10 + 49]
    assert last.asked == ["/feed", "/a49"]
    assert visited.ask(
        "SELECT DISTINCT state FROM coverage WHERE source_id = 'gb-crowded' AND day = '2026-03-02'"
    ) == [{"state": "observed"}]


def test_a_feed_of_a_section_takes_only_its_articles_from_the_sitemap(visited: Visited) -> None:
    _, second = visited.visits["gb-politics"]
    assert second.articles == 10 + 15
    assert second.gaps == [{"hours": 0, "estimated_lost": None}]
    _, second = visited.visits["gb-no-sections"]
    assert second.articles == 10 + 10
    ((hours, lost),) = [gap.values() for gap in second.gaps]
    assert hours > 10
    assert lost > 3


def test_places_where_a_news_sitemap_may_be() -> None:
    site, now = "https://news.test", START
    named = [f"{site}/sitemap.xml", f"{site}/sitemap-news-en.xml", f"{site}/authors.xml"]
    usual = [site + path for path in USUAL_PLACES]
    every = [named[1], *usual, named[0], named[2]]
    assert news_sitemap_urls(site, named, {}, now) == every
    gone = RecoveryRead(now - 2 * HOUR, is_read=False, is_retryable=False)
    away = replace(gone, is_retryable=True)
    past = {named[1]: gone, usual[0]: away, usual[1]: replace(away, attempted_at=now)}
    assert news_sitemap_urls(site, named, past, now) == [usual[0], *usual[2:], named[0], named[2]]
    past[named[0]] = replace(gone, is_read=True)
    assert news_sitemap_urls(site, named, past, now) == [named[0]]
