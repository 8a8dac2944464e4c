"""One source after another collected from a web on loopback, and loaded between the runs."""

import shutil
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tasks.archive import half_written
from tasks.archive import write as archive_writing
from tasks.archive.read import read_archive
from tasks.collect import listing_cache, parse_listing
from tasks.collect.collector import MAX_FAILURES_IN_A_ROW, Collected, Collector
from tasks.collect.fetch.client import Client
from tasks.collect.index_sitemaps import MAX_SITEMAPS
from tasks.collect.listings import Listing, feeds_and_sitemaps, read_listing
from tasks.load.load_run import load
from tasks.model import Batch, Capture, Outcome
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool
from tasks.refine.refine_archive import refine
from tasks.settings import Limits
from tasks.sources.source import Source
from tests.support.kept_folder import KeptFolder
from tests.support.loopback import AGENT, Answer, Loopback, http
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS
from warehouse.layers.layout import Layout
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

    def read(payload: bytes, content_type: str, url: str, **about: Any) -> Listing:
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


def test_twins_in_one_run_are_one_page_under_its_first_name(web: Loopback, desk: Desk) -> None:
    (a,) = say_pages(web, "a")
    named = (f"{a}?utm_medium=rss", f"{a}/amp", a)
    mapped = web.set_answers("/sitemap.xml", sitemap(*say_pages(web, "b"), a))
    one = source(feeds=(web.set_answers("/feed", feed(*map(item, named))),), sitemaps=(mapped,))
    (collected,) = desk.run(one, max_new=1)
    assert fetched(web) == ["/feed", "/sitemap.xml", "/a"]
    assert (collected.listed, collected.deferred) == (2, 1)


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
    assert [
        one.url_requested for one in captures(collected) if one.outcome == "left_for_later"
    ] == [old]


def test_times_without_a_zone_are_in_the_source_s(web: Loopback, desk: Desk) -> None:
    names = [f"p{hour:02}" for hour in range(8)]
    printed = [f"2026-03-05T{hour:02}:30:00" for hour in range(8)]
    dated = zip(say_pages(web, *names), printed, strict=True)
    items = [item(*each) for each in dated]
    found = web.set_answers("/feed", feed(*items, ETag='"1"'), UNMODIFIED)
    one = source(feeds=(found,)).model_copy(update={"timezone": "Asia/Tokyo"})
    midnight = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)  # in Tokyo
    (collected,) = desk.run(one, since=midnight + timedelta(hours=6))
    assert fetched(web) == ["/feed", "/p06", "/p07"]
    listed, *pages = (one for one in captures(collected) if one.kind != "robots")
    assert listed.listing is not None
    assert listed.listing.newest_at == midnight + timedelta(hours=7.5)
    assert listed.listing.window_from is not None
    assert pages[0].entry_published_at == midnight + timedelta(hours=6.5)
    desk.load(collected, sources=(one,))
    # After a 304 the listing is read from the cache, and parsed again for another zone.
    desk.run(one, since=midnight + timedelta(hours=5))
    assert fetched(web)[3:] == ["/feed", "/p05"]
    moved = one.model_copy(update={"timezone": "UTC"})
    desk.run(moved, since=midnight + timedelta(hours=13))
    assert fetched(web)[5:] == ["/feed", "/p04", "/p05"]


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
    for n in range(MAX_SITEMAPS + 9):
        child = f"{web.url}/map-{n + 1}.xml"
        web.set_answers(f"/map-{n}.xml", sitemap(child, root="sitemapindex", name="sitemap"))
    feeds = tuple(web.set_answers(f"/feed-{n}", feed()) for n in range(MAX_SITEMAPS + 2))
    desk.run(source(sitemaps=(f"{web.url}/map-0.xml",), feeds=feeds))
    asked = fetched(web)
    assert len([path for path in asked if "feed" in path]) == len(feeds)
    assert len([path for path in asked if "map" in path]) == MAX_SITEMAPS + 1


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
    good, *bad = say_pages(web, "good", *(f"bad-{n}" for n in range(MAX_FAILURES_IN_A_ROW + 3)))
    for n in range(len(bad)):
        web.set_answers(f"/bad-{n}", answer)
    # One that answers in between starts the count anew.
    named = [bad[0], good, *bad[1:]]
    (collected,) = desk.run(source(feeds=(web.set_answers("/feed", feed(*map(item, named))),)))
    assert collected.outcomes[outcome] == 1 + MAX_FAILURES_IN_A_ROW
    assert collected.deferred == len(bad) - 1 - MAX_FAILURES_IN_A_ROW
    assert collected.error == ""


def test_what_goes_wrong_with_a_source_is_reported_and_its_archive_is_closed(
    web: Loopback, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = say_pages(web, "good", "bad")
    one = source(feeds=(web.set_answers("/feed", feed(item(good), item(bad))),))
    write = archive_writing.ArchiveWriter.write

    def full(self: Any, attempt: Any, entry: Any = None) -> Capture:
        if attempt.url_requested == bad and attempt.outcome is Outcome.FETCHED:
            raise OSError(28, "No space left on device")
        return write(self, attempt, entry)

    monkeypatch.setattr(archive_writing.ArchiveWriter, "write", full)
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

    monkeypatch.setattr(archive_writing, "finish", full)
    (collected,) = desk.run(source(feeds=(web.set_answers("/feed", feed()),)))
    assert collected.warc is None
    assert "No space left" in collected.error
    monkeypatch.undo()
    (left,) = half_written.unfinished(desk.layout.raw)
    assert half_written.salvage(left)


def test_what_a_dead_run_left_open_is_closed_before_a_source_is_collected(
    web: Loopback, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = source(feeds=(web.set_answers("/feed", feed()),))
    with monkeypatch.context() as patched:
        patched.setattr(archive_writing, "finish", lambda *_: None)
        desk.run(one)
    (left,) = half_written.unfinished(desk.layout.raw)
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


def saved(folder: Path, files: Mapping[str, str], source_id: str = "gb-post") -> Source:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return source(source_id, files=(str(folder / "*.txt"), str(folder / "*.html.gz")))


def test_a_time_given_for_a_saved_file_is_of_its_sources_zone(desk: Desk, tmp_path: Path) -> None:
    one = saved(tmp_path / "saved", {"a.txt": f"Ferry\n\n{TEXT}"})
    one = one.model_copy(update={"timezone": "America/New_York"})
    (tmp_path / "saved/a.txt.meta.json").write_text('{"published_at": "2026-03-01T22:30:00"}')
    desk.run_and_load(one)
    at = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    assert ask(desk, "SELECT entry_published_at FROM captures WHERE kind = 'file'") == [(at,)]
    times = "SELECT published_at, published_local_date, published_source FROM articles"
    assert ask(desk, times) == [(at, date(2026, 3, 1), "given")]


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


# Sources whose first runs are loaded together. Each has its pages below a path of its own.


def listed(web: Loopback, name: str, *feeds: bytes) -> Source:
    """A source whose feed answers so."""
    return source(name, feeds=(web.set_answers(f"/{name}/feed", *feeds),))


def of_today(web: Loopback, name: str, letters: str) -> list[str]:
    """Entries of pages that are dated now."""
    day = datetime.now(UTC)
    meta = f'<meta property="article:published_time" content="{day.isoformat()}">'
    return [
        item(
            web.set_answers(f"/{name}/{each}", page(f"All about {name} {each}", meta)),
            format_datetime(day),
        )
        for each in letters
    ]


def limited(web: Loopback, _: Path) -> Source:
    named = say_pages(web, *(f"gb-limited/{each}" for each in "abcde"))
    return listed(web, "gb-limited", feed(*map(item, named), ETag='"1"'))


def cut_by_limit(web: Loopback, _: Path) -> Source:
    return listed(web, "gb-cut", feed(*of_today(web, "gb-cut", "abc")))


def of_twins(web: Loopback, _: Path) -> Source:
    url = f"{web.url}/gb-twins"
    head = f'<link rel="canonical" href="{url}/main">'
    web.set_answers("/gb-twins/story", page("A story", head))
    web.set_answers("/gb-twins/old", http(b"", "301 Moved", Location="/gb-twins/story"))
    web.set_answers("/gb-twins/main", page("A story"))
    web.set_answers("/gb-twins/gone", http(b"", "410 Gone"))
    web.set_answers("/gb-twins/slow", http(b"", "503 Busy"))
    first = ["/story", "/gone", "/slow"]
    twins = ["/story?utm_source=x&fbclid=1", "/story/amp", "/main", "/old", "/slow#top"]
    return listed(
        web, "gb-twins", *(feed(*(item(url + path) for path in each)) for each in (first, twins))
    )


def backfilled(web: Loopback, _: Path) -> Source:
    one = listed(web, "gb-owner", feed(*of_today(web, "gb-owner", "ab")))
    return one.model_copy(update={"id": "archive-127.0.0.1"})


def renamed(web: Loopback, _: Path) -> Source:
    gone = web.set_answers("/gb-renamed/gone", http(b"", "410 Gone"))
    stories = of_today(web, "gb-renamed", "ab")
    return listed(web, "gb-renamed", feed(*stories, item(gone)))


def late(web: Loopback, _: Path) -> Source:
    gone, challenge = (
        http(b"not yet", "404 Not Found"),
        http(b"<title>Just a moment...</title><p>Checking your browser before accessing the site."),
    )
    wall = http(
        b"<title>Consent</title><h1>Your privacy</h1><p>We and our partners use cookies and process"
        b" personal data with your consent.</p><button>Accept all</button>"
    )
    web.set_answers("/gb-late/consent", wall)
    late, asks, walled, never = (
        web.set_answers(f"/gb-late/{name}", *answers)
        for name, *answers in (
            ("late", gone, page("All about late")),
            ("asks", challenge, page("All about asks")),
            ("walled", http(b"", "302 Found", Location="consent"), page("All about walled")),
            ("never", gone),
        )
    )
    named = [[never], [never], [late, asks, walled, never]]
    return listed(web, "gb-late", *(feed(*map(item, urls)) for urls in named))


TRACKED = ["/gb-tracked/a?id=1&utm_source=rss", "/gb-tracked/b?id=1&utm_source=rss"]


def tracked(web: Loopback, _: Path) -> Source:
    web.set_answers(TRACKED[0], page("All about a"))
    web.set_answers(TRACKED[1], http(b"", "503 Busy"))
    named = feed(*(item(web.url + path) for path in TRACKED), ETag='"1"')
    return listed(web, "gb-tracked", named, UNMODIFIED)


def of_unread_sitemaps(web: Loopback, _: Path) -> Source:
    maps = index(web, "gb-maps", [f"{datetime.now(UTC):%Y-%m-%d}"] * 12)
    return source("gb-maps", sitemaps=(maps,))


def of_files(_: Loopback, folder: Path) -> Source:
    texts = {"a.txt": f"Ferry stops\n\n{TEXT}stops.", "b.txt": f"Bread\n\n{TEXT}"}
    return saved(folder, texts | {"c.html.gz": "no gzip"}, "gb-files")


def of_odd_files(_: Loopback, folder: Path) -> Source:
    one = saved(folder, {"late.txt": TEXT, "odd.txt": TEXT}, "gb-odd")
    (folder / "late.txt.meta.json").write_text('{"fetched_at": "2099-01-01T00:00Z"}')
    (folder / "odd.txt.meta.json").write_text('{"\\ud800": "x"}')
    strange = folder / b"caf\xe9.html.gz".decode("utf-8", "surrogateescape")
    strange.write_bytes(b"\x1f\x8b no gzip")
    return one


def of_long_link(web: Loopback, _: Path) -> Source:
    long = f"{web.url}/gb-long/" + "a" * 40_000
    return listed(web, "gb-long", feed(item(long), *map(item, say_pages(web, "gb-long/a"))))


READS = {"gb-grows": ("a", "ba"), "gb-rolls": ("ba", "c"), "gb-stays": ("c", "c")}
"""What a paper's feed names at its first read, and at its second one: two pages for each letter."""


def read_twice(web: Loopback, folder: Path) -> Source:
    name = folder.name
    pages = {
        each: say_pages(web, *(f"{name}/{each}{number}" for number in range(2))) for each in "abc"
    }
    reads = ([item(url) for each in letters for url in pages[each]] for letters in READS[name])
    return listed(web, name, *(feed(*items) for items in reads))


FIRST: dict[str, tuple[Callable[[Loopback, Path], Source], dict[str, Any]]] = {
    "gb-limited": (limited, {"max_new": 2}),
    "gb-cut": (cut_by_limit, {"max_new": 1}),
    "gb-twins": (of_twins, {}),
    "gb-owner": (backfilled, {}),
    "gb-renamed": (renamed, {}),
    "gb-late": (late, {}),
    "gb-tracked": (tracked, {}),
    "gb-maps": (of_unread_sitemaps, {}),
    "gb-files": (of_files, {}),
    "gb-odd": (of_odd_files, {}),
    "gb-long": (of_long_link, {}),
    **dict.fromkeys(READS, (read_twice, {})),
}
"""What a source is when it is first collected, and the limits of that run."""
RUNS = {"gb-late": 3}
"""How many runs were collected before all was loaded; of others one."""


class First:
    """The installation after these runs, as each test finds it."""

    def __init__(self, web: Loopback, pool: PagePool, folder: Path) -> None:
        self.web, self.pool = web, pool
        self.sources = {name: begin(web, folder / name) for name, (begin, _) in FIRST.items()}
        self.found: dict[str, list[Collected]] = {}
        self.kept = KeptFolder(folder, self._fill)

    def _fill(self, layout: Layout) -> None:
        desk = Desk(layout.root, self.pool)
        for name, (_, limits) in FIRST.items():
            desk.number = 0
            with pytest.MonkeyPatch.context() as earlier:
                if name == "gb-tracked":
                    earlier.setattr(feeds_and_sitemaps, "without_trackers", str)
                    earlier.setattr(listing_cache, "LISTING_VERSION", 1)
                self.found[name] = [
                    desk.run(self.sources[name], **limits)[0] for _ in range(RUNS.get(name, 1))
                ]
        desk.load(*chain(*self.found.values()), sources=tuple(self.sources.values()))

    def desk(self) -> Desk:
        return Desk(self.kept.restored().root, self.pool, max(RUNS.values()))

    def asked(self, name: str) -> list[str]:
        """Paths of the source that were asked for, in their order."""
        paths = (path.removeprefix(f"/{name}") for path in fetched(self.web) if f"/{name}/" in path)
        return list(paths)


@pytest.fixture(scope="module")
def first(pool: PagePool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[First]:
    with Loopback() as web:
        yield First(web, pool, tmp_path_factory.mktemp("first"))


class Second:
    """The same after one more run of some sources, which were loaded together."""

    def __init__(self, first: First) -> None:
        self.first = first
        self.found: dict[str, Collected] = {}
        self.asked: dict[str, list[str]] = {}
        """What of the source was asked for in this run."""
        self._kept = first.kept.continued(self._fill)

    def _fill(self, layout: Layout) -> None:
        sources = dict(self.first.sources)
        owner, renamed = (
            sources[name].model_copy(update={"id": new_id})
            for name, new_id in (("gb-owner", "gb-owner"), ("gb-renamed", "gb-mail"))
        )
        sources |= {"gb-owner": owner, "gb-renamed": renamed}
        of_files = sources["gb-files"]
        (self.unchanged_files,) = Desk(layout.root, self.first.pool, 8).run(of_files)
        change_files(of_files)
        for name in ("gb-twins", "gb-owner", "gb-renamed", "gb-late", "gb-files"):
            desk = Desk(layout.root, self.first.pool, max(RUNS.values()))
            before = len(self.first.asked(name))
            (self.found[name],) = desk.run(sources[name])
            self.asked[name] = self.first.asked(name)[before:]
        desk.load(*self.found.values(), sources=tuple(sources.values()))

    def desk(self) -> Desk:
        return Desk(self._kept.restored().root, self.first.pool, max(RUNS.values()) + 1)

    def asked_next(self, desk: Desk, name: str) -> list[str]:
        """What a run after that asks of the source."""
        before = len(self.first.asked(name))
        desk.run(self.first.sources[name])
        return self.first.asked(name)[before:]


def change_files(one: Source) -> None:
    """Revise the first saved text, and date the second one."""
    folder = Path(one.files[0]).parent
    (folder / "a.txt").write_text(f"Ferry sails\n\n{TEXT}sails.")
    (folder / "b.txt.meta.json").write_text('{"published_at": "2026-03-01T08:00:00Z"}')


@pytest.fixture(scope="module")
def second(first: First) -> Second:
    return Second(first)


def ask(desk: Desk, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(desk.layout, sql).to_pylist()]


@pytest.mark.slow
def test_limits_leave_the_rest_for_later_runs(first: First) -> None:
    desk, one = first.desk(), first.sources["gb-limited"]
    assert first.found["gb-limited"][0].deferred == 3
    # What the others fetch is not loaded, so that each begins with the third page.
    assert desk.run(one, max_new_articles=2)[0].deferred == 1
    assert desk.run(one, max_entries=3)[0].listed == 3
    assert desk.run(one)[0].deferred == 0
    asked = "".join(first.asked("gb-limited")).split("/feed")
    assert asked == ["", "/a/b", "/c/d", "/c", "/c/d/e"]


@pytest.mark.slow
def test_a_day_cut_by_a_limit_is_partial(first: First) -> None:
    desk = first.desk()
    assert first.found["gb-cut"][0].outcomes["left_for_later"] == 2
    states = "SELECT state, reasons, failed FROM coverage WHERE extracted > 0"
    (cut,) = ask(desk, f"{states} AND source_id = 'gb-cut'")
    # Two pages are lost, and the day is not over.
    assert cut == ("partial", ["partly_read", "pages_lost"], 2)
    lost = "SELECT detail FROM rejections WHERE outcome = 'left_for_later'"
    assert ask(desk, f"{lost} AND source_id = 'gb-cut'") == [("past the limit of 1 new page",)] * 2
    assert "left_for_later" not in desk.run(first.sources["gb-cut"])[0].outcomes


@pytest.mark.slow
def test_known_urls_are_not_fetched_again(second: Second) -> None:
    desk = second.desk()
    assert second.first.asked("gb-twins")[:4] == ["/feed", "/story", "/gone", "/slow"]
    # The old address is not known yet; what failed for the moment is tried again.
    assert second.asked["gb-twins"] == ["/feed", "/old", "/story", "/slow"]
    assert second.found["gb-twins"].listed == 4
    ended = "SELECT outcome FROM captures WHERE url_requested LIKE '%/old'"
    assert ask(desk, ended) == [("unchanged",)]
    found = "SELECT count(*) FROM articles WHERE source_id = 'gb-twins'"
    assert ask(desk, found) == [(1,)]
    assert second.asked_next(desk, "gb-twins") == ["/feed", "/slow"]


@pytest.mark.slow
def test_a_source_takes_over_what_a_backfill_gave_to_its_domain(second: Second) -> None:
    desk = second.desk()
    assert second.found["gb-owner"].outcomes == {"fetched": 2, "listed": 1}
    counts = "SELECT source_id, versions, count(*) FROM articles WHERE url_requested"
    assert ask(desk, f"{counts} LIKE '%/gb-owner/%' GROUP BY ALL") == [("gb-owner", 2, 2)]
    extracted = "SELECT sum(extracted)::INT FROM coverage WHERE source_id = 'gb-owner'"
    assert ask(desk, extracted) == [(2,)]
    one = second.first.sources["gb-owner"].model_copy(update={"id": "gb-owner"})
    assert desk.run(one)[0].outcomes == {"listed": 1}


@pytest.mark.slow
def test_days_are_not_observed_without_what_is_stored_under_an_earlier_id(second: Second) -> None:
    assert second.found["gb-renamed"].listing_notes == ("2 pages stored under gb-renamed",)
    days = "SELECT source_id, state, extracted, failed::INT FROM coverage WHERE listed > 0"
    of_both = "AND source_id IN ('gb-mail', 'gb-renamed') ORDER BY 1"
    assert ask(second.desk(), f"{days} {of_both}") == [
        ("gb-mail", "missing", 0, 2),
        ("gb-renamed", "partial", 2, 0),
    ]


@pytest.mark.slow
def test_days_are_not_observed_without_what_another_source_has(desk: Desk) -> None:
    with Loopback() as web:
        shared, own = of_today(web, "gb-post", "ab"), of_today(web, "gb-politics", "c")
        sources = (
            listed(web, "gb-post", feed(*shared)),
            listed(web, "gb-politics", feed(*shared, *own)),
        )
        found = desk.run(*sources)
        assert found[1].outcomes == {"fetched": 1, "left_for_later": 2, "listed": 1}
        assert found[1].listing_notes == ("2 pages left to gb-post",)
        desk.load(*found, sources=sources)
        states = "SELECT source_id, state, extracted, failed::INT FROM coverage WHERE listed > 0"
        assert ask(desk, f"{states} ORDER BY 1") == [
            ("gb-politics", "partial", 1, 2),
            ("gb-post", "partial", 2, 0),
        ]
        # Each run says it, and it is recorded once.
        again = desk.run(sources[1])[0]
        assert again.outcomes == {"listed": 1}
        assert again.listing_notes == ("2 pages stored under gb-post",)


@pytest.mark.slow
def test_what_is_not_there_yet_is_asked_for_again_and_not_for_ever(second: Second) -> None:
    desk = second.desk()
    assert second.first.asked("gb-late").count("/never") == 3
    assert second.asked["gb-late"] == ["/feed", "/late", "/asks", "/walled"]
    assert second.asked_next(desk, "gb-late") == ["/feed"]
    found = "SELECT headline FROM articles WHERE source_id = 'gb-late' ORDER BY headline"
    named = [("All about asks",), ("All about late",), ("All about walled",)]
    assert ask(desk, found) == named


@pytest.mark.slow
def test_pages_that_were_asked_for_with_their_tracking_parameters_are_known(first: First) -> None:
    assert [f"/gb-tracked{path}" for path in first.asked("gb-tracked")[1:]] == TRACKED
    first.desk().run(first.sources["gb-tracked"])
    assert first.asked("gb-tracked")[3:] == ["/feed", "/b?id=1"]


@pytest.mark.slow
def test_a_day_is_partial_while_sitemaps_are_unread(first: First) -> None:
    (today,) = ask(
        first.desk(),
        "SELECT list_contains(reasons, 'listings_failed'), listings_failed, estimated_published"
        " FROM coverage WHERE source_id = 'gb-maps'",
    )
    assert today == (True, 1, None)


@pytest.mark.slow
def test_saved_files_are_taken_when_they_are_new_or_changed(second: Second) -> None:
    one = second.first.sources["gb-files"]
    folder = Path(one.files[0]).parent
    assert second.first.found["gb-files"][0].outcomes == {"fetched": 2, "unreadable_file": 1}
    assert second.unchanged_files == Collected(one.id, listed=3)
    assert second.found["gb-files"].outcomes == {"fetched": 2}
    desk = second.desk()
    dated = "SELECT count(*) FROM articles WHERE published_date = '2026-03-01'"
    assert ask(desk, f"{dated} AND source_id = 'gb-files'") == [(1,)]
    assert desk.run(one)[0].warc is None

    (folder / "a.txt").write_text(f"Ferry stops\n\n{TEXT}stops.")  # back to where it was
    assert desk.run_and_load(one).outcomes == {"fetched": 1}
    assert desk.run(one)[0].warc is None


@pytest.mark.slow
def test_an_odd_name_or_a_time_to_come_is_a_rejection_that_can_be_loaded(first: First) -> None:
    desk = first.desk()
    assert first.found["gb-odd"][0].outcomes == {"unreadable_file": 3}
    told = ask(desk, "SELECT detail FROM captures WHERE source_id = 'gb-odd'")
    assert any("future" in detail for (detail,) in told)
    assert any(r"caf\udce9" in detail for (detail,) in told)
    assert desk.run(first.sources["gb-odd"])[0].warc is None


@pytest.mark.slow
def test_a_link_that_is_too_long_costs_itself_only(first: First) -> None:
    desk = first.desk()
    # robots.txt is known from the sources before.
    expected = {"fetched": 1, "listed": 1, "url_too_long": 1}
    assert first.found["gb-long"][0].outcomes == expected
    ended = "SELECT outcome, detail FROM captures WHERE kind = 'page' AND source_id = 'gb-long'"
    article, too_long = ask(desk, f"{ended} ORDER BY 1")
    assert (article[0], too_long[0]) == ("article", "url_too_long")
    assert "a URL of 40,0" in too_long[1]
    (again,) = desk.run(first.sources["gb-long"])
    assert (again.error, again.outcomes) == ("", {"listed": 1})


@pytest.mark.slow
def test_each_read_of_a_listing_is_compared_with_the_one_before(first: First) -> None:
    desk = first.desk()
    reads = [first.found[name][0] for name in READS]
    said = [
        (read.source_id, each.entries, each.known, each.added, each.is_continued)
        for read in reads + desk.run(*(first.sources[name] for name in READS))
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
