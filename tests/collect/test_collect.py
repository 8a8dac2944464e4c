"""One source after another collected from a web on loopback, and loaded between the runs."""

import shutil
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tasks import archive
from tasks.archive import read_archive
from tasks.collect import listing_cache, parse_listing
from tasks.collect.collector import FAILURES_IN_A_ROW, Collected, Collector
from tasks.collect.fetch import Client
from tasks.collect.index_sitemaps import MOST_SITEMAPS
from tasks.collect.listings import Listing, NoListing, feeds_and_sitemaps, read_listing
from tasks.load.load_run import Run, load
from tasks.model import Batch, Capture
from tasks.process_pool import PagePool
from tasks.refine.refine_archive import refine
from tasks.settings import Limits
from tasks.sources.source import Source
from tests.support.kept_folder import KeptFolder
from tests.support.loopback import AGENT, Answer, Loopback, http
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS
from warehouse.layers.layout import Layout
from warehouse.read.known_urls import dropped_pages
from warehouse.read.query import query

TEXT = "The harbour board heard the skippers, and then it put the vote off until the spring. " * 9
XML = {"Content_Type": "application/xml"}


def page(title: str, head: str = "") -> bytes:
    text = f"<p>{TEXT}</p><p>{title} was the last word of {len(title)}.</p>"
    body = f"<body><article><h1>{title}</h1>{text}</article></body>"
    return http(f"<html lang=en><head>{head}</head>{body}</html>".encode())


def item(address: str, published: str = "") -> str:
    date = f"<pubDate>{published}</pubDate>" if published else ""
    return f"<item><title>t</title><link>{address}</link>{date}</item>"


def feed(*items: str, **headers: str) -> bytes:
    text = f'<rss version="2.0"><channel><title>t</title>{"".join(items)}</channel></rss>'
    return http(text.encode(), **(XML | headers))


def sitemap(*addresses: str, root: str = "urlset", name: str = "url") -> bytes:
    found = "".join(f"<{name}><loc>{address}</loc></{name}>" for address in addresses)
    return http(f"<{root}>{found}</{root}>".encode(), **XML)


def source(source_id: str = "gb-post", **places: Any) -> Source:
    return Source(
        id=source_id,
        name=source_id,
        language="en",
        timezone="UTC",
        min_interval_seconds=0,
        allow_private_hosts=True,
        **places,
    )


class Desk:
    """An installation whose runs are collected and, when asked for, loaded."""

    def __init__(self, root: Path, pool: PagePool, number: int = 0) -> None:
        """The number is that of its last run."""
        self.layout, self.pool, self.number = Layout(root), pool, number

    def collector(
        self,
        client: Client,
        since: datetime | None = None,
        max_new: int = 0,
        **limits: Any,
    ) -> Collector:
        self.number += 1
        run_id = f"2026030{self.number}T060000Z-00000{self.number}"
        return Collector(
            self.layout, run_id, client, Limits(**limits), since=since, max_new=max_new
        )

    def run(
        self, *sources: Source, since: datetime | None = None, max_new: int = 0, **limits: Any
    ) -> list[Collected]:
        limits = {"max_seconds": 5, "max_tries": 1} | limits
        with Client(Limits(**limits), AGENT, self.layout.cache, backoff_seconds=0.01) as client:
            collector = self.collector(client, since, max_new, **limits)
            return [collector.collect(each) for each in sources]

    def load(self, *collected: Collected, sources: tuple[Source, ...] = ()) -> None:
        """Load together what one or more runs have collected."""
        known = {each.id: each for each in sources}
        batches: dict[str, list[Batch]] = defaultdict(list)
        for each in collected:
            if each.warc:
                run_id = each.warc.name.partition(".")[0]
                batches[run_id].append(refine(each.warc, run_id, self.layout, known, self.pool))
        runs = [Run(run_id, tuple(found)) for run_id, found in batches.items()]
        load(self.layout, TOPICS, sources, runs)
        publish(self.layout)

    def run_and_load(self, one: Source, **options: Any) -> Collected:
        (collected,) = self.run(one, **options)
        self.load(collected, sources=(one,))
        return collected


@pytest.fixture
def desk(tmp_path: Path, pool: PagePool) -> Desk:
    return Desk(tmp_path / "data", pool)


UNMODIFIED = http(b"", "304 Not Modified")


@pytest.fixture(scope="module")
def one_of_two(
    lasting_web: Loopback, pool: PagePool, tmp_path_factory: pytest.TempPathFactory
) -> KeptFolder:
    one = pair(lasting_web)

    def fill(layout: Layout) -> None:
        assert Desk(layout.root, pool).run_and_load(one, max_new=1).deferred == 1
        assert lasting_web.requests("/feed")[0].header("If-None-Match") is None

    return KeptFolder(tmp_path_factory.mktemp("begun"), fill)


@pytest.fixture
def begun(one_of_two: KeptFolder, pool: PagePool) -> Desk:
    """An installation that loaded the first page of `pair(lasting_web)` and left the second."""
    return Desk(one_of_two.restored().root, pool, 1)


def pair(web: Loopback, *answers: Answer) -> Source:
    """A source whose feed, with a validator, names two pages, unless it is to answer otherwise."""
    web.reset()
    listed = feed(*map(item, say_pages(web, "a", "b")), ETag='"1"')
    return source(feeds=(web.set_answers("/feed", *(answers or [listed])),))


def captures(collected: Collected) -> list[Capture]:
    assert collected.warc
    return [capture for capture, _ in read_archive(collected.warc)]


def fetched(web: Loopback) -> list[str]:
    """Paths asked for in their order, robots.txt aside."""
    return [hit.path for hit in web.hits if hit.path != "/robots.txt"]


def say_pages(web: Loopback, *names: str) -> list[str]:
    return [web.set_answers(f"/{name}", page(f"All about {name}")) for name in names]


def test_every_attempt_is_archived_in_its_order(web: Loopback, desk: Desk) -> None:
    found = web.set_answers("/feed", feed(*map(item, say_pages(web, "a", "b"))))
    (collected,) = desk.run(source(feeds=(found,)))
    assert [(one.kind, one.outcome) for one in captures(collected)] == [
        ("robots", "not_found"),
        ("listing", "listed"),
        ("page", "fetched"),
        ("page", "fetched"),
    ]
    assert collected.listed == 2
    assert collected.outcomes == {"fetched": 2, "listed": 1, "not_found": 1}
    assert {one.found_in for one in captures(collected) if one.kind == "page"} == {found}
    assert (collected.error, collected.deferred) == ("", 0)


def test_limits_leave_the_rest_for_later_runs(web: Loopback, desk: Desk) -> None:
    named = say_pages(web, "a", "b", "c", "d", "e")
    one = source(feeds=(web.set_answers("/feed", feed(*map(item, named), ETag='"1"')),))
    assert desk.run_and_load(one, max_new=2).deferred == 3
    # What the others fetch is not loaded, so that each begins with the third page.
    assert desk.run(one, max_new_articles=2)[0].deferred == 1
    assert desk.run(one, max_entries=3)[0].listed == 3
    assert desk.run(one)[0].deferred == 0
    asked = "".join(fetched(web)).split("/feed")
    assert asked == ["", "/a/b", "/c/d", "/c", "/c/d/e"]


def test_a_day_cut_by_a_limit_is_partial(web: Loopback, desk: Desk) -> None:
    day = datetime.now(UTC)
    meta = f'<meta property="article:published_time" content="{day.isoformat()}">'
    named = [web.set_answers(f"/{name}", page(f"All about {name}", meta)) for name in "abc"]
    listed = [item(address, format_datetime(day)) for address in named]
    one = source(feeds=(web.set_answers("/feed", feed(*listed)),))
    states = "SELECT state, reasons, failed FROM coverage WHERE extracted > 0"
    assert desk.run_and_load(one, max_new=1).outcomes["left_for_later"] == 1
    (cut,) = query(desk.layout, states).to_pylist()
    # Two pages are lost, and the day is not over.
    assert cut == {"state": "partial", "reasons": ["partly_read", "pages_lost"], "failed": 2}
    lost = "SELECT detail FROM rejections WHERE outcome = 'left_for_later'"
    assert query(desk.layout, lost).to_pylist() == [{"detail": "2 pages of this day"}]
    assert "left_for_later" not in desk.run(one)[0].outcomes


def test_a_304_finds_what_a_limited_run_left(lasting_web: Loopback, begun: Desk) -> None:
    one = pair(lasting_web, UNMODIFIED)
    second = begun.run_and_load(one)
    assert second.outcomes == {"fetched": 1, "not_modified": 1}
    (third,) = begun.run(one)
    assert (third.outcomes, third.listed, third.error) == ({"not_modified": 1}, 2, "")
    assert [hit.header("If-None-Match") for hit in lasting_web.requests("/feed")] == ['"1"', '"1"']
    assert fetched(lasting_web) == ["/feed", "/b", "/feed"]


def test_without_the_archived_copy_a_listing_is_asked_for_anew(
    lasting_web: Loopback, begun: Desk
) -> None:
    one = pair(lasting_web)
    (warc,) = begun.layout.raw.rglob("*.warc.gz")
    for harmed in (b"\x1f\x8b\x08" + b"x" * 3000, b"", None):
        if harmed is None:
            warc.unlink()
        else:
            warc.write_bytes(harmed)
        shutil.rmtree(begun.layout.cache / "listings")
        (again,) = begun.run(one)
        assert (again.outcomes, again.error) == ({"fetched": 1, "listed": 1}, "")
        assert lasting_web.requests("/feed")[-1].header("If-None-Match") is None


def test_an_unchanged_listing_is_parsed_once(
    lasting_web: Loopback, begun: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = pair(lasting_web, UNMODIFIED)
    (path,) = begun.layout.cache.glob("listings/*/*.json")
    parsed: list[str] = []

    def read(payload: bytes, content_type: str, url: str, **about: Any) -> Listing | NoListing:
        parsed.append(url)
        return read_listing(payload, content_type, url, **about)

    monkeypatch.setattr(parse_listing, "read_listing", read)
    begun.run(one)
    assert len(parsed) == 0
    path.write_bytes(path.read_bytes()[:-9])
    begun.run(one)
    assert len(parsed) == 1
    monkeypatch.setattr(listing_cache, "LISTING_VERSION", 0)
    begun.run(one)
    assert len(parsed) == 2
    assert fetched(lasting_web) == ["/feed", "/b"] * 3
    sent = [hit.header("If-None-Match") for hit in lasting_web.requests("/feed")]
    assert sent == ['"1"'] * 3


def test_known_urls_are_not_fetched_again(web: Loopback, desk: Desk) -> None:
    plain = web.set_answers(
        "/story", page("A story", f'<link rel="canonical" href="{web.url}/main">')
    )
    web.set_answers("/old", http(b"", "301 Moved", Location="/story"))
    web.set_answers("/main", page("A story"))
    web.set_answers("/gone", http(b"", "410 Gone"))
    web.set_answers("/slow", http(b"", "503 Busy"))
    first = [plain, f"{web.url}/gone", f"{web.url}/slow"]
    twins = ["/story?utm_source=x&fbclid=1", "/story/amp", "/main", "/old", "/slow#top"]
    web.set_answers(
        "/feed", feed(*map(item, first)), feed(*(item(web.url + twin) for twin in twins))
    )
    one = source(feeds=(f"{web.url}/feed",))
    desk.run_and_load(one)
    assert fetched(web) == ["/feed", "/story", "/gone", "/slow"]
    web.hits.clear()
    second = desk.run_and_load(one)
    # The old address is not known yet; what failed for the moment is tried again.
    assert fetched(web) == ["/feed", "/old", "/story", "/slow"]
    assert second.listed == 4
    ended = query(desk.layout, "SELECT outcome FROM captures WHERE url_requested LIKE '%/old'")
    assert ended.to_pylist() == [{"outcome": "unchanged"}]
    assert query(desk.layout, "FROM articles").num_rows == 1
    web.hits.clear()
    desk.run(one)
    assert fetched(web) == ["/feed", "/slow"]


def test_a_source_takes_over_what_a_backfill_gave_to_its_domain(web: Loopback, desk: Desk) -> None:
    now = format_datetime(datetime.now(UTC))
    stated = f'<meta property="article:published_time" content="{datetime.now(UTC).isoformat()}">'
    stories = [web.set_answers(f"/{name}", page(f"All about {name}", stated)) for name in "ab"]
    web.set_answers("/feed", feed(*(item(story, now) for story in stories)))
    one = source(feeds=(f"{web.url}/feed",))
    desk.run_and_load(one.model_copy(update={"id": "archive-127.0.0.1"}))
    web.hits.clear()
    assert desk.run_and_load(one).outcomes == {"fetched": 2, "listed": 1}
    counts = "SELECT source_id, versions, count(*) AS articles FROM articles GROUP BY ALL"
    assert query(desk.layout, counts).to_pylist() == [
        {"source_id": "gb-post", "versions": 2, "articles": 2}
    ]
    extracted = "SELECT sum(extracted)::INT AS extracted FROM coverage WHERE source_id = 'gb-post'"
    assert query(desk.layout, extracted).to_pylist() == [{"extracted": 2}]
    assert desk.run_and_load(one).outcomes == {"listed": 1}


def test_days_are_not_observed_without_what_is_stored_under_an_earlier_id(
    web: Loopback, desk: Desk
) -> None:
    now = format_datetime(datetime.now(UTC))
    stated = f'<meta property="article:published_time" content="{datetime.now(UTC).isoformat()}">'
    stories = [web.set_answers(f"/{name}", page(f"All about {name}", stated)) for name in "ab"]
    gone = web.set_answers("/gone", http(b"", "410 Gone"))
    web.set_answers("/feed", feed(*(item(story, now) for story in [*stories, gone])))
    one = source(feeds=(f"{web.url}/feed",))
    desk.run_and_load(one)
    renamed = one.model_copy(update={"id": "gb-mail"})
    with Client(Limits(max_seconds=5), AGENT, desk.layout.cache) as client:
        dropped = dropped_pages(desk.layout, [renamed.id])
        collected = replace(desk.collector(client), dropped=dropped).collect(renamed)
    assert collected.listing_notes == (
        "2 pages stored under gb-post, which is not in sources.toml",
    )
    desk.load(collected, sources=(renamed,))
    days = (
        "SELECT source_id, state, extracted, failed::INT AS failed FROM coverage WHERE listed > 0"
    )
    assert [
        tuple(day.values()) for day in query(desk.layout, f"{days} ORDER BY 1").to_pylist()
    ] == [
        ("gb-mail", "missing", 0, 2),
        ("gb-post", "partial", 2, 0),
    ]


@pytest.mark.slow
def test_what_is_not_there_yet_is_asked_for_again_and_not_for_ever(
    web: Loopback, desk: Desk
) -> None:
    gone, challenge = (
        http(b"not yet", "404 Not Found"),
        http(b"<title>Just a moment...</title><p>Checking your browser before accessing the site."),
    )
    late, asks, never = (
        web.set_answers(f"/{name}", *answers)
        for name, *answers in (
            ("late", gone, page("All about late")),
            ("asks", challenge, page("All about asks")),
            ("never", gone),
        )
    )
    listed = [[never], [never], [late, asks, never]]
    one = source(feeds=(web.set_answers("/feed", *(feed(*map(item, urls)) for urls in listed)),))
    desk.load(*(collected for _ in listed for collected in desk.run(one)), sources=(one,))
    assert len(web.requests("/never")) == 3
    web.hits.clear()
    desk.run_and_load(one)
    assert fetched(web) == ["/feed", "/late", "/asks"]
    desk.run(one)
    assert fetched(web)[3:] == ["/feed"]
    found = query(desk.layout, "SELECT headline FROM articles ORDER BY headline")
    assert found["headline"].to_pylist() == ["All about asks", "All about late"]


def test_twins_in_one_run_are_one_page_under_its_first_name(web: Loopback, desk: Desk) -> None:
    (a,) = say_pages(web, "a")
    named = (f"{a}?utm_medium=rss", f"{a}/amp", a)
    mapped = web.set_answers("/sitemap.xml", sitemap(*say_pages(web, "b"), a))
    one = source(feeds=(web.set_answers("/feed", feed(*map(item, named))),), sitemaps=(mapped,))
    (collected,) = desk.run(one, max_new=1)
    assert fetched(web) == ["/feed", "/sitemap.xml", "/a"]
    assert (collected.listed, collected.deferred) == (2, 1)


def test_pages_that_were_asked_for_with_their_tracking_parameters_are_known(
    web: Loopback, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracked = ["/a?id=1&utm_source=rss", "/b?id=1&utm_source=rss"]
    web.set_answers(tracked[0], page("All about a"))
    web.set_answers(tracked[1], http(b"", "503 Busy"))
    listed = feed(*(item(web.url + path) for path in tracked), ETag='"1"')
    one = source(feeds=(web.set_answers("/feed", listed, UNMODIFIED),))
    with monkeypatch.context() as earlier:
        earlier.setattr(feeds_and_sitemaps, "without_trackers", str)
        earlier.setattr(listing_cache, "LISTING_VERSION", 1)
        desk.run_and_load(one)
    assert fetched(web) == ["/feed", *tracked]
    web.hits.clear()
    desk.run(one)
    assert fetched(web) == ["/feed", "/b?id=1"]


def test_entries_older_than_asked_for_are_left_alone(web: Loopback, desk: Desk) -> None:
    new, old, undated, absurd = say_pages(web, "new", "old", "undated", "absurd")
    items = (
        item(new, "Tue, 10 Mar 2026 08:00:00 GMT"),
        item(old, "Sun, 01 Mar 2026 08:00:00 GMT"),
        item(undated),
        item(absurd, "Thu, 01 Jan 1970 00:00:00 GMT"),
    )
    one = source(feeds=(web.set_answers("/feed", feed(*items)),))
    (collected,) = desk.run(one, since=datetime(2026, 3, 5, tzinfo=UTC))
    assert fetched(web) == ["/feed", "/new", "/undated", "/absurd"]
    assert (collected.listed, collected.deferred) == (4, 0)


def test_an_index_leads_to_its_sitemaps_and_each_is_read_once(web: Loopback, desk: Desk) -> None:
    children = [
        web.set_answers(f"/map-{n}.xml", sitemap(*say_pages(web, f"p{n}"))) for n in range(3)
    ]
    index = web.set_answers("/index.xml", sitemap(*children, root="sitemapindex", name="sitemap"))
    web.set_answers("/map-2.xml", sitemap(index, root="sitemapindex", name="sitemap"))
    (collected,) = desk.run(source(sitemaps=(index, children[0])))
    assert fetched(web) == ["/index.xml", "/map-0.xml", "/map-1.xml", "/map-2.xml", "/p0", "/p1"]
    assert collected.error == ""


def test_an_index_without_end_is_cut_off_and_own_listings_are_not(
    web: Loopback, desk: Desk
) -> None:
    for n in range(MOST_SITEMAPS + 9):
        child = f"{web.url}/map-{n + 1}.xml"
        web.set_answers(f"/map-{n}.xml", sitemap(child, root="sitemapindex", name="sitemap"))
    feeds = tuple(web.set_answers(f"/feed-{n}", feed()) for n in range(MOST_SITEMAPS + 2))
    desk.run(source(sitemaps=(f"{web.url}/map-0.xml",), feeds=feeds))
    asked = fetched(web)
    assert len([path for path in asked if "feed" in path]) == len(feeds)
    assert len([path for path in asked if "map" in path]) == MOST_SITEMAPS + 1


def index(web: Loopback, name: str, dates: Sequence[str], **headers: str) -> str:
    """An index of sitemaps that changed then; an empty date is not stated."""
    maps = "".join(
        f"<sitemap><loc>{web.set_answers(f'/{name}-{number}', sitemap())}</loc>"
        + (f"<lastmod>{date}</lastmod></sitemap>" if date else "</sitemap>")
        for number, date in enumerate(dates)
    )
    text = f"<sitemapindex>{maps}</sitemapindex>"
    return web.set_answers(f"/{name}", http(text.encode(), **(XML | headers)))


def unread(collected: Collected) -> dict[str, str]:
    """Why listings were not read, by their path."""
    return {
        one.url_requested.rpartition("/")[2]: one.detail
        for one in captures(collected)
        if one.kind == "listing" and one.outcome == "left_for_later"
    }


def test_indexes_share_the_limit_and_those_not_read_are_recorded(web: Loopback, desk: Desk) -> None:
    days = [f"2026-03-{day:02}" for day in range(1, 11)]
    indexes = (
        index(web, "old", [f"2025-{day[5:]}" for day in days]),
        index(web, "new", days),
        index(web, "none", [""] * 10),
        index(web, "other", [""] * 10),
    )
    (collected,) = desk.run(source(sitemaps=indexes))
    asked = [path for path in fetched(web) if path[-1].isdigit()]
    assert asked == [
        *(f"/new-{number}" for number in range(9, -1, -1)),
        *(f"/old-{number}" for number in range(9, -1, -1)),
        *("/none-0", "/other-0", "/none-1", "/other-1", "/none-2"),
    ]
    left = unread(collected)
    assert left.keys() == {
        *(f"none-{number}" for number in range(3, 10)),
        *(f"other-{number}" for number in range(2, 10)),
    }
    (why,) = set(left.values())
    assert why == (
        "more than 25 sitemaps of its indexes;"
        " name those of the newest articles in `sitemaps` of the source itself"
    )
    assert collected.listing_notes == (f"15 sitemaps not read: {why}",)


def test_a_sitemap_that_may_be_new_is_unread_where_its_index_is_too_long(
    web: Loopback, desk: Desk
) -> None:
    index(web, "dated", [f"2026-03-{day:02}" for day in range(1, 13)])
    index(web, "undated", [""] * 12)
    for name, left in (("dated", []), ("undated", ["undated-10"])):
        one = source(sitemaps=(f"{web.url}/{name}",))
        (collected,) = desk.run(one)
        assert list(unread(collected)) == left
        assert len(collected.listing_notes) == 1 + len(left)


def test_a_day_is_partial_while_sitemaps_are_unread(web: Loopback, desk: Desk) -> None:
    now = datetime.now(UTC)
    index(web, "maps", [f"{now:%Y-%m-%d}"] * 12)
    desk.run_and_load(source(sitemaps=(f"{web.url}/maps",)))
    (today,) = query(
        desk.layout, "SELECT reasons, listings_failed, estimated_published FROM coverage"
    ).to_pylist()
    assert "listings_failed" in today["reasons"]
    assert (today["listings_failed"], today["estimated_published"]) == (1, None)


def test_a_section_page_is_a_listing_only_where_it_is_configured(web: Loopback, desk: Desk) -> None:
    web.set_answers("/ferry-is-back-in-service-12345", page("Ferry is back"))
    link = '<main><a href="/ferry-is-back-in-service-12345">The ferry is back in service</a></main>'
    section = web.set_answers("/news", http(f"<html><body>{link}</body></html>".encode()))
    (good,) = desk.run(source(sections=(section,)))
    assert good.outcomes == {"fetched": 1, "listed": 1, "not_found": 1}
    (wrong,) = desk.run(source(feeds=(section,)))
    assert wrong.outcomes == {"listing_unreadable": 1}
    assert wrong.error.startswith(f"no listing could be read: listing_unreadable: {section}")


def test_a_listing_ends_in_its_outcome_and_the_others_are_read(web: Loopback, desk: Desk) -> None:
    bomb = b'<!DOCTYPE rss [<!ENTITY a "ha">]><rss><channel><title>&a;</title></channel></rss>'
    feeds = {
        web.set_answers("/entities", http(bomb, **XML)): "entities_refused",
        web.set_answers("/text", http(b"no feed at all", **XML)): "listing_unreadable",
        web.set_answers("/missing", http(b"", "404 Not Found")): "not_found",
        web.set_answers("/good", feed(*map(item, say_pages(web, "a")))): "listed",
    }
    (collected,) = desk.run(source(feeds=tuple(feeds)))
    ended = {one.url_requested: one.outcome for one in captures(collected) if one.kind == "listing"}
    assert ended == feeds
    assert collected.error == ""
    assert fetched(web)[-1] == "/a"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (http(b"", "500 Oops"), "server_error"),
        (http(b"", "429 Slow down", Retry_After="0"), "rate_limited"),
    ],
)
def test_a_source_that_falls_silent_is_left_for_later(
    web: Loopback, desk: Desk, answer: Answer, outcome: str
) -> None:
    good, *bad = say_pages(web, "good", *(f"bad-{n}" for n in range(FAILURES_IN_A_ROW + 3)))
    for n in range(len(bad)):
        web.set_answers(f"/bad-{n}", answer)
    # One that answers in between starts the count anew.
    named = [bad[0], good, *bad[1:]]
    (collected,) = desk.run(source(feeds=(web.set_answers("/feed", feed(*map(item, named))),)))
    assert collected.outcomes[outcome] == 1 + FAILURES_IN_A_ROW
    assert collected.deferred == len(bad) - 1 - FAILURES_IN_A_ROW
    assert collected.error == ""


def test_what_goes_wrong_with_a_source_is_reported_and_its_archive_is_closed(
    web: Loopback, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = say_pages(web, "good", "bad")
    one = source(feeds=(web.set_answers("/feed", feed(item(good), item(bad))),))
    write = archive.ArchiveWriter.write

    def full(self: Any, attempt: Any, entry: Any = None) -> Capture:
        if attempt.url_requested == bad:
            raise OSError(28, "No space left on device")
        return write(self, attempt, entry)

    monkeypatch.setattr(archive.ArchiveWriter, "write", full)
    other = source("de-blatt", feeds=(f"{web.url}/feed",))
    broken, busy = desk.run(one, other)
    assert "No space left" in broken.error
    assert [capture.url_requested for capture in captures(broken)][-1] == good
    assert not list(desk.layout.raw.rglob("*.open"))
    assert busy.error == ""


def test_an_archive_that_cannot_be_closed_is_not_handed_on(
    web: Loopback, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.write, "finish", full)
    (collected,) = desk.run(source(feeds=(web.set_answers("/feed", feed()),)))
    assert collected.warc is None
    assert "No space left" in collected.error
    monkeypatch.undo()
    (left,) = archive.unfinished(desk.layout.raw)
    assert archive.salvage(left)


def test_what_a_dead_run_left_open_is_closed_before_a_source_is_collected(
    web: Loopback, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = source(feeds=(web.set_answers("/feed", feed()),))
    with monkeypatch.context() as patched:
        patched.setattr(archive.write, "finish", lambda *_: None)
        desk.run(one)
    (left,) = archive.unfinished(desk.layout.raw)
    (collected,) = desk.run(one)
    assert not left.exists()
    assert sorted(left.parent.iterdir()) == [left.with_suffix(""), collected.warc]


def test_two_sources_never_fetch_the_same_page(web: Loopback, desk: Desk) -> None:
    shared = say_pages(web, *(f"p{n}" for n in range(12)))
    names = ("gb-post", "de-blatt")
    sources = [
        source(name, feeds=(web.set_answers(f"/{name}", feed(*map(item, shared))),))
        for name in names
    ]
    with Client(Limits(), AGENT, desk.layout.cache) as client:
        collector = desk.collector(client)
        done: list[Collected] = []
        threads = [
            threading.Thread(target=lambda one=one: done.append(collector.collect(one)))
            for one in sources
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(path for path in fetched(web) if path.startswith("/p")) == sorted(
        address.removeprefix(web.url) for address in shared
    )
    assert sum(one.outcomes.get("fetched", 0) for one in done) == len(shared)
    assert [one.error for one in done] == ["", ""]


def test_robots_is_one_capture_and_what_it_forbids_is_not_fetched(
    web: Loopback, desk: Desk
) -> None:
    web.set_answers("/robots.txt", http(b"User-agent: *\nDisallow: /private/\n"))
    open_page, closed = say_pages(web, "open", "private/closed")
    one = source(feeds=(web.set_answers("/feed", feed(item(closed), item(open_page))),))
    (collected,) = desk.run(one)
    ended = [(c.kind.value, c.outcome.value) for c in captures(collected)]
    assert ended == [
        ("robots", "robots_read"),
        ("listing", "listed"),
        ("page", "robots_denied"),
        ("page", "fetched"),
    ]
    (again,) = desk.run(one)  # robots.txt is kept for a day
    assert [c.kind.value for c in captures(again)] == ["listing", "page", "page"]
    assert len(web.requests("/robots.txt")) == 1


def test_an_unreachable_robots_keeps_the_source_away(web: Loopback, desk: Desk) -> None:
    web.set_answers("/robots.txt", http(b"", "500 Oops"))
    one = source(feeds=(web.set_answers("/feed", feed()),))
    (collected,) = desk.run(one)
    assert collected.outcomes == {"robots_unreachable": 1, "server_error": 1}
    assert "robots_unreachable" in collected.error
    assert fetched(web) == []


def saved(folder: Path, files: Mapping[str, str]) -> Source:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return source(files=(str(folder / "*.txt"), str(folder / "*.html.gz")))


def test_saved_files_are_taken_when_they_are_new_or_changed(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    first, second = (f"Ferry {word}\n\n{TEXT}{word}." for word in ("stops", "sails"))
    one = saved(folder, {"a.txt": first, "b.txt": f"Bread\n\n{TEXT}", "c.html.gz": "no gzip"})
    assert desk.run_and_load(one).outcomes == {"fetched": 2, "unreadable_file": 1}
    assert desk.run(one)[0] == Collected(one.id, listed=3)

    (folder / "a.txt").write_text(second)
    (folder / "b.txt.meta.json").write_text('{"published_at": "2026-03-01T08:00:00Z"}')
    assert desk.run_and_load(one).outcomes == {"fetched": 2}
    dated = "SELECT count(*) AS n FROM articles WHERE published_date = '2026-03-01'"
    assert query(desk.layout, dated).to_pylist() == [{"n": 1}]
    assert desk.run(one)[0].warc is None

    (folder / "a.txt").write_text(first)  # back to where it was
    assert desk.run_and_load(one).outcomes == {"fetched": 1}
    assert desk.run(one)[0].warc is None


def test_an_odd_name_or_a_time_to_come_is_a_rejection_that_can_be_loaded(
    desk: Desk, tmp_path: Path
) -> None:
    one = saved(tmp_path / "saved", {"late.txt": TEXT, "odd.txt": TEXT})
    (tmp_path / "saved" / "late.txt.meta.json").write_text('{"fetched_at": "2099-01-01T00:00Z"}')
    (tmp_path / "saved" / "odd.txt.meta.json").write_text('{"\\ud800": "x"}')
    strange = tmp_path / "saved" / b"caf\xe9.html.gz".decode("utf-8", "surrogateescape")
    strange.write_bytes(b"\x1f\x8b no gzip")
    assert desk.run_and_load(one).outcomes == {"unreadable_file": 3}
    told = [row["detail"] for row in query(desk.layout, "FROM captures").to_pylist()]
    assert any("future" in detail for detail in told)
    assert any(r"caf\udce9" in detail for detail in told)
    assert desk.run(one)[0].warc is None


def test_files_and_a_dead_feed(web: Loopback, desk: Desk, tmp_path: Path) -> None:
    one = saved(tmp_path / "saved", {"a.txt": f"Ferry\n\n{TEXT}"})
    dead = web.set_answers("/feed", http(b"", "404 Not Found"))
    (collected,) = desk.run(one.model_copy(update={"feeds": (dead,)}))
    assert collected.outcomes == {"fetched": 1, "not_found": 2}
    assert collected.error == f"no listing could be read: not_found: {dead}: status 404"


def test_the_limit_is_for_each_source(web: Loopback, desk: Desk) -> None:
    sources = [
        source(name, feeds=(web.set_answers(f"/{name}", feed(*map(item, say_pages(web, *pages)))),))
        for name, pages in (("gb-post", "abc"), ("de-blatt", "def"))
    ]
    assert [one.deferred for one in desk.run(*sources, max_new=2)] == [1, 1]


def test_a_link_that_is_too_long_costs_itself_only(web: Loopback, desk: Desk) -> None:
    long = web.url + "/" + "a" * 40_000
    posts = source(
        feeds=(web.set_answers("/feed", feed(item(long), *map(item, say_pages(web, "a")))),)
    )
    collected = desk.run_and_load(posts)
    assert collected.outcomes == {
        "fetched": 1,
        "listed": 1,
        "not_found": 1,
        "url_too_long": 1,
    }
    found = query(
        desk.layout, "SELECT outcome, detail FROM captures WHERE kind = 'page' ORDER BY 1"
    )
    assert found["outcome"].to_pylist() == ["article", "url_too_long"]
    assert "a URL of 40,0" in found["detail"][1].as_py()
    (again,) = desk.run(posts)
    assert (again.error, again.outcomes) == ("", {"listed": 1})


def test_each_read_of_a_listing_is_compared_with_the_one_before(web: Loopback, desk: Desk) -> None:
    def listed(name: str, letters: str) -> bytes:
        return feed(*(item(url) for each in letters for url in pages[name + each]))

    reads = {"gb-grows": ("a", "ba"), "gb-rolls": ("ba", "c"), "gb-stays": ("c", "c")}
    pages = {
        name + each: say_pages(web, *(f"{name}/{each}{number}" for number in range(2)))
        for name in reads
        for each in "abc"
    }
    papers = [
        source(name, feeds=(web.set_answers(f"/{name}", *(listed(name, each) for each in shown)),))
        for name, shown in reads.items()
    ]
    first = desk.run(*papers)
    desk.load(*first, sources=tuple(papers))
    said = [
        (read.source_id, each.entries, each.known, each.added, each.is_continued)
        for read in first + desk.run(*papers)
        for capture in captures(read)
        if (each := capture.listing)
    ]
    assert said == [
        ("gb-grows", 2, 0, None, None),
        ("gb-rolls", 4, 0, None, None),
        ("gb-stays", 2, 0, None, None),
        ("gb-grows", 4, 2, 2, True),
        ("gb-rolls", 2, 0, 2, False),
        ("gb-stays", 2, 2, 0, True),
    ]
