"""Sitemaps that a source keeps of the past: found, read, and believed for the days they name."""

import gzip
import re
from datetime import UTC, datetime

import pytest

from tests.history.conftest import MAY, Desk, article
from tests.support.build_warcs import page
from tests.support.loopback import Loopback, http
from tests.support.staged_pages import source
from tests.support.web_archive import StoredCapture
from warehouse.read.known_urls import MAX_TRIES

WHOLE: tuple[str, list[str], int, int] = ("observed", [], 1, 0)


def sitemap(*urls: str, kind: str = "url") -> bytes:
    named = "".join(f"<{kind}><loc>{url}</loc></{kind}>" for url in urls)
    root = "urlset" if kind == "url" else "sitemapindex"
    return f"<?xml version='1.0'?><{root}>{named}</{root}>".encode()


def paper(desk: Desk, site: Loopback) -> list[str]:
    """A paper with sitemaps by month; the addresses of its pages of May."""
    about = {"feeds": (f"{site.url}/feed",), "domains": ("127.0.0.1",)}
    desk.source = source("gb-harbour", allow_private_hosts=True, min_interval_seconds=0, **about)
    pages = [
        site.set_answers(
            f"/2024/05/{day:02d}/harbour-board-meets-{day:05d}.html", http(page(0, day, day=day))
        )
        for day in (1, 2, 3)
    ]
    april = site.set_answers("/2024/04/03/harbour-board-met-00001.html", http(page(0, 9)))
    more = [
        f"{site.url}/tag/harbour",
        f"{site.url}/picture.jpg",
        "https://other.net/2024/05/01/a-b-c-d",
    ]
    months = [
        site.set_answers("/sitemap-2024-05.xml.gz", http(gzip.compress(sitemap(*pages, *more)))),
        site.set_answers("/sitemap-2024-04.xml", http(sitemap(april))),
    ]
    index = site.set_answers("/sitemap-archive.xml", http(sitemap(*months, kind="sitemap")))
    site.set_answers("/robots.txt", http(f"Sitemap: {index}\n".encode(), Content_Type="text/plain"))
    return pages


def test_a_month_of_which_all_pages_were_asked_for_under_one_id_is_observed(desk: Desk) -> None:
    with Loopback() as site:
        pages = paper(desk, site)
        found = desk.history(places="sitemaps")
        assert found.tally.error == ""
        assert found.tally.passed == {"no_article_url": 3}
        assert desk.days() == {1: WHOLE, 2: WHOLE, 3: WHOLE}
        assert set(desk.days("completeness").values()) == {(1.0,)}
        rows = desk.ask("FROM captures WHERE kind = 'page'")
        assert {row["obtained_from"] for row in rows} == {"source_archive"}
        assert {row["url_requested"] for row in rows} == set(pages)
        assert not site.requests("/sitemap-2024-04.xml")
        # Nothing is left to fill, so nothing is asked for.
        asked = len(site.hits)
        assert desk.history(places="sitemaps").tally.requests == 0
        assert len(site.hits) == asked
        # It is not observed without what is stored under an earlier id.
        desk.source = desk.source.model_copy(update={"id": "gb-quay"})
        address = "/2024/05/02/harbour-board-meets-00004.html"
        more = site.set_answers(address, http(page(0, 4, day=2)))
        months = site.set_answers("/sitemap-2024-05.xml", http(sitemap(*pages, more)))
        site.set_answers("/sitemap-archive.xml", http(sitemap(months, kind="sitemap")))
        assert desk.history(places="sitemaps").tally.fetched == 1
        days = "SELECT state, extracted FROM coverage WHERE source_id = 'gb-quay'"
        assert desk.ask(days) == [{"state": "partial", "extracted": 1}]


def test_a_time_without_a_zone_is_one_of_the_source(desk: Desk) -> None:
    with Loopback() as site:
        page_url = paper(desk, site)[1]
        desk.source = desk.source.model_copy(update={"timezone": "America/New_York"})
        printed = b"</loc><publication_date>2024-05-02T21:30:00</publication_date>"
        month = sitemap(page_url).replace(b"</loc>", printed)
        site.set_answers("/sitemap-2024-05.xml.gz", http(gzip.compress(month)))
        desk.history(places="sitemaps")
        (capture,) = desk.ask("SELECT entry_published_at FROM captures WHERE kind = 'page'")
        assert capture["entry_published_at"] == datetime(2024, 5, 3, 1, 30, tzinfo=UTC)


def test_a_month_of_which_a_page_failed_is_not_until_it_came(desk: Desk) -> None:
    with Loopback() as site:
        pages = paper(desk, site)
        path = pages[1].removeprefix(site.url)
        answers = site.answers(path)
        site.set_answers(path, http(b"", "503 Service Unavailable"))
        desk.history(places="sitemaps")
        part = ("partial", ["no_listing_read"], 1, 0)
        assert desk.days() == {1: part, 2: ("missing", ["no_listing_read"], 0, 0), 3: part}
        site.set_answers(path, *answers)
        again = desk.history(places="sitemaps")
        assert (again.tally.fetched, again.tally.saved) == (1, 1)
        assert desk.days() == {1: WHOLE, 2: WHOLE, 3: WHOLE}


def test_what_a_sitemap_lacks_comes_from_the_archive_and_is_marked(desk: Desk) -> None:
    with Loopback() as site:
        paper(desk, site)
        site.set_answers("/sitemap-2024-05.xml.gz", http(b"", "404 Not Found"))
        found = desk.history(places="sitemaps wayback")
        # The archive has nothing of 127.0.0.1: both places were asked.
        assert found.tally.error == ""
        assert found.tally.fetched == 0
        assert len(desk.archive.index_requests) == 1
        assert (
            f"url=127.0.0.1&matchType=domain&from={MAY.first:%Y%m%d}"
            in (desk.archive.index_requests[0])
        )
        assert desk.ask("SELECT outcome FROM captures WHERE outcome = 'not_found'")


def test_a_page_that_the_source_gave_is_not_asked_of_the_archive(desk: Desk) -> None:
    with Loopback() as site:
        pages = paper(desk, site)
        for day, url in enumerate(pages, 1):
            desk.archive.keep(StoredCapture(url, article(0, day).at, page(0, day, day=day)))
        path = pages[1].removeprefix(site.url)
        site.set_answers(path, http(b"", "503 Service Unavailable"))
        found = desk.history(places="sitemaps wayback")
        assert +found.tally.known == {("wayback", "2024-05"): 2}
        assert [path.rpartition("/")[2] for path in desk.archive.page_requests] == [
            pages[1].rpartition("/")[2]
        ]
        assert desk.days("state, archived")[2] == ("partial", 1)


CHALLENGE = b"""<html><head><title>Just a moment...</title></head><body>
    <h1>Checking your browser before accessing</h1><div id="cf-challenge"></div></body></html>"""


def unanswered(kind: str, number: int) -> bytes:
    """A page without a date in its address that gives no article, or one without a date."""
    body = page(0, number)
    return CHALLENGE if kind == "challenge" else re.sub(rb"<meta property[^>]*>", b"", body)


def month_with(desk: Desk, site: Loopback, kind: str, sitemaps: int = 1) -> str:
    """A month of three dated pages and such a one, which the last sitemap names; its path."""
    pages = paper(desk, site)
    path = "/news/harbour-board-meets-00009.html"
    named = [*pages, site.set_answers(path, http(unanswered(kind, 9)))]
    months = [
        site.set_answers(f"/sitemap-2024-05-{number}.xml", http(sitemap(*named[number:])))
        for number in range(sitemaps)
    ]
    if sitemaps > 1:
        site.set_answers("/sitemap-2024-05-0.xml", http(sitemap(*pages)))
    site.set_answers("/sitemap-archive.xml", http(sitemap(*months, kind="sitemap")))
    return path


UNREAD = dict.fromkeys((1, 2, 3), ("partial", ["no_listing_read"], 1, 0))


@pytest.mark.parametrize(("kind", "sitemaps"), [("challenge", 2), ("undated", 1)])
def test_no_day_of_a_month_is_observed_without_pages_that_may_be_of_any_of_its_days(
    desk: Desk, kind: str, sitemaps: int
) -> None:
    with Loopback() as site:
        month_with(desk, site, kind, sitemaps)
        desk.history(places="sitemaps")
        assert desk.days() == UNREAD
        # The archive is asked for what is missing once the source is asked no more.
        for _ in range(MAX_TRIES):
            desk.history(places="sitemaps wayback")
        assert desk.archive.index_requests
        assert desk.days() == UNREAD


def test_a_month_is_observed_once_its_last_page_gives_an_article(desk: Desk) -> None:
    with Loopback() as site:
        path = month_with(desk, site, "challenge")
        desk.history(places="sitemaps")
        assert desk.days() == UNREAD
        site.set_answers(path, http(page(0, 9, day=2)))
        desk.history(places="sitemaps")
        assert desk.days() == {1: WHOLE, 2: ("observed", [], 2, 0), 3: WHOLE}


def test_a_page_that_its_sitemap_dates_speaks_against_its_own_day_alone(desk: Desk) -> None:
    with Loopback() as site:
        pages = paper(desk, site)
        site.set_answers(pages[1].removeprefix(site.url), http(CHALLENGE))
        printed = f"{pages[1]}</loc><publication_date>2024-05-02T21:30:00Z</publication_date>"
        month = sitemap(*pages).replace(f"{pages[1]}</loc>".encode(), printed.encode())
        site.set_answers("/sitemap-2024-05.xml.gz", http(gzip.compress(month)))
        desk.history(places="sitemaps")
        assert desk.days() == {1: WHOLE, 2: ("missing", ["pages_lost"], 0, 0), 3: WHOLE}
