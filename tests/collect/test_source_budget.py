"""The time a source has in a run: what does not fit is left for the next run."""

import math
import os
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial

import pytest

from tasks.collect import parse_listing
from tasks.collect.collector import Collector
from tasks.collect.current_waits import CurrentWaits
from tasks.collect.fetch.client import Client
from tasks.process_pool import PagePool
from tasks.settings import Limits
from tests.collect.test_collect import Desk, captures, desk, feed, fetched, item, page, source
from tests.support.loopback import AGENT, Answer, Loopback, dripping, http
from warehouse.read.query import query

__all__ = ["desk"]

RUN = "20260309T060000Z-000009"
DAY = datetime.now(UTC)
META = f'<meta property="article:published_time" content="{DAY.isoformat()}">'
SLOW = dripping(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x")
UP = "the source's 1 s were used up"


def listed(*addresses: str) -> bytes:
    return feed(*(item(address, format_datetime(DAY)) for address in addresses))


def say(web: Loopback, *names: str) -> list[str]:
    return [web.set_answers(f"/{name}", page(f"All about {name}", META)) for name in names]


@pytest.mark.slow
def test_what_a_slow_page_leaves_no_time_for_comes_with_the_next_run(
    web: Loopback, desk: Desk
) -> None:
    first, slow, *rest = say(web, "a", "slow", "b", "c")
    web.set_answers("/slow", SLOW)
    one = source(feeds=(web.set_answers("/feed", listed(first, slow, *rest)),))
    cut = desk.run_and_load(one, source_seconds=1, max_seconds=60)
    assert (cut.error, cut.deferred, cut.late) == ("", 3, UP)
    assert cut.outcomes == {"fetched": 1, "left_for_later": 3, "listed": 1, "not_found": 1}
    states = "SELECT state, reasons, failed FROM coverage WHERE extracted > 0"
    assert query(desk.layout, states).to_pylist() == [
        {"state": "partial", "reasons": ["partly_read", "pages_lost"], "failed": 3}
    ]
    lost = "SELECT detail FROM rejections WHERE outcome = 'left_for_later' ORDER BY detail"
    details = [row["detail"] for row in query(desk.layout, lost).to_pylist()]
    assert details == [f"{slow}: cut off: {UP}", UP, UP]
    say(web, "slow")
    whole = desk.run_and_load(one)
    assert (whole.deferred, whole.late, whole.outcomes["fetched"]) == (0, "", 3)
    assert query(desk.layout, states).to_pylist() == [
        {"state": "partial", "reasons": ["partly_read"], "failed": 0}
    ]


@pytest.mark.slow
def test_a_listing_has_a_tenth_of_the_time(web: Loopback, desk: Desk) -> None:
    slow = web.set_answers("/slow", SLOW)
    good = web.set_answers("/feed", listed(*say(web, "a")))
    (collected,) = desk.run(source(feeds=(slow, good)), source_seconds=4, max_seconds=60)
    assert collected.outcomes == {"fetched": 1, "listed": 1, "not_found": 1, "timed_out": 1}
    assert (collected.error, collected.deferred, collected.late) == ("", 0, "")


def held(seconds: float, answer: bytes) -> Answer:
    def say(conn: socket.socket) -> None:
        time.sleep(seconds)
        conn.sendall(answer)

    return say


@pytest.mark.slow
def test_a_listing_without_time_left_is_no_failure_of_its_source(web: Loopback, desk: Desk) -> None:
    # The time goes by before the feed is asked for: robots.txt has the limit of a request.
    web.set_answers("/robots.txt", held(1.2, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
    feeds = tuple(web.set_answers(f"/feed-{n}", listed(*say(web, "a"))) for n in range(2))
    one = source(feeds=feeds)
    (cut,) = desk.run(one, source_seconds=1)
    assert fetched(web) == []
    assert (cut.error, cut.deferred, cut.late) == ("", 0, UP)
    assert [(one.kind, one.outcome) for one in captures(cut)] == [
        ("robots", "left_for_later"),
        ("listing", "left_for_later"),
        ("listing", "left_for_later"),
    ]
    # The answer that was cut off is nobody's robots.txt.
    web.set_answers("/robots.txt", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    (whole,) = desk.run(one)
    assert whole.outcomes["fetched"] == 1
    desk.load(cut, whole, sources=(one,))
    # The first run is no poll of the source.
    read = query(desk.layout, "SELECT ended FROM polls").to_pylist()
    assert read == [{"ended": "read"}]
    assert query(desk.layout, "SELECT count(*) AS n FROM runs").to_pylist() == [{"n": 2}]


def test_a_pause_that_is_longer_than_the_time_left_is_not_waited_for(
    web: Loopback, desk: Desk
) -> None:
    robots = b"User-agent: *\nCrawl-delay: 30\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(robots)}\r\n\r\n"
    web.set_answers("/robots.txt", head.encode() + robots)
    one = source(feeds=(web.set_answers("/feed", listed(*say(web, "a"))),))
    (collected,) = desk.run(one, source_seconds=20)
    assert fetched(web) == []
    assert collected.late == "the source's 20 s were used up"


@pytest.mark.slow
def test_a_feed_that_cannot_be_parsed_in_time_is_the_failure_of_this_feed(
    web: Loopback, desk: Desk, pool: PagePool
) -> None:
    # feedparser takes minutes for 100,000 attributes of one element, though the feed has 1 MB.
    attributes = " ".join(f'a{n}=""' for n in range(100_000))
    text = f'<rss version="2.0"><channel><title>t</title><item {attributes}/></channel></rss>'
    bad = web.set_answers("/bad", http(text.encode(), Content_Type="application/xml"))
    good = web.set_answers("/feed", listed(*say(web, "a")))
    limits = Limits(source_seconds=40)
    with Client(limits, AGENT, desk.layout.cache) as client:
        collected = Collector(desk.layout, RUN, client, limits, pool).collect(
            source(feeds=(bad, good))
        )
    assert collected.outcomes == {
        "fetched": 1,
        "listed": 1,
        "listing_unreadable": 1,
        "not_found": 1,
    }
    assert (collected.error, collected.late) == ("", "")
    (failed,) = [one for one in captures(collected) if one.outcome == "listing_unreadable"]
    assert (failed.url_requested, failed.detail) == (bad, "parsing took longer than 4 s")


def test_the_time_of_a_source_ends_while_its_listing_is_parsed(
    web: Loopback, desk: Desk, pool: PagePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_listing, "SMALL_BYTES", 0)
    busy = pool.call(partial(time.sleep, 0), 60, math.inf)  # the process has begun
    assert busy is None
    pages = [pool.submit(time.sleep, 3) for _ in range(2)]  # it works on them first
    limits = Limits(source_seconds=1)
    with Client(limits, AGENT, desk.layout.cache) as client:
        collected = Collector(desk.layout, RUN, client, limits, pool).collect(
            source(feeds=(web.set_answers("/feed", listed(*say(web, "a"))),))
        )
    assert [page.result() for page in pages] == [None, None]
    assert collected.outcomes == {"left_for_later": 1, "not_found": 1}
    assert (collected.error, collected.late) == ("", UP)


@pytest.mark.slow
def test_an_unmodified_listing_that_is_not_parsed_in_time_was_not_read(
    web: Loopback, desk: Desk, pool: PagePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = feed(*map(item, say(web, "a", "b")), ETag='"1"')
    one = source(feeds=(web.set_answers("/feed", named),))
    assert desk.run_and_load(one, max_new=1).deferred == 1
    shutil.rmtree(desk.layout.cache / "listings")  # as after a change of LISTING_VERSION
    web.set_answers("/feed", http(b"", "304 Not Modified"))
    monkeypatch.setattr(parse_listing, "SMALL_BYTES", 0)
    pages = [pool.submit(time.sleep, 3) for _ in range(2)]
    with Client(Limits(), AGENT, desk.layout.cache) as client:
        collected = Collector(desk.layout, RUN, client, Limits(source_seconds=1), pool).collect(one)
    assert [page.result() for page in pages] == [None, None]
    assert collected.outcomes == {"left_for_later": 1}
    assert (collected.error, collected.late) == ("", UP)


@pytest.mark.parametrize(
    ("read", "why"),
    [
        (partial(os._exit, 3), "the process that parsed it ended"),
        (partial(bytes.decode, b"\xff"), "UnicodeDecodeError"),
    ],
)
def test_a_listing_whose_process_dies_or_raises_is_unreadable(
    web: Loopback,
    desk: Desk,
    pool: PagePool,
    monkeypatch: pytest.MonkeyPatch,
    read: Callable[[], object],
    why: str,
) -> None:
    monkeypatch.setattr(parse_listing, "SMALL_BYTES", 0)
    monkeypatch.setattr(parse_listing, "read_listing", Ignoring(read))
    limits = Limits()
    with Client(limits, AGENT, desk.layout.cache) as client:
        collected = Collector(desk.layout, RUN, client, limits, pool).collect(
            source(feeds=(web.set_answers("/feed", listed()),))
        )
    assert collected.outcomes == {"listing_unreadable": 1, "not_found": 1}
    assert why in collected.error


@dataclass(frozen=True)
class Ignoring:
    """Calls a function without what it is given."""

    call: Callable[[], object]

    def __call__(self, *_: object, **__: object) -> object:
        return self.call()


def test_what_a_source_is_doing_is_known_while_it_lasts(web: Loopback, desk: Desk) -> None:
    lines: list[str] = []

    def answer(conn: socket.socket) -> None:
        lines.append(waits.line())
        conn.sendall(page("All about a"))

    one = source(feeds=(web.set_answers("/feed", listed(web.set_answers("/a", answer))),))
    waits, limits = CurrentWaits(), Limits()
    with Client(limits, AGENT, desk.layout.cache) as client:
        Collector(desk.layout, RUN, client, limits, waits=waits).collect(one)
    assert lines[0].startswith(f"waiting for: gb-post fetches {web.url}/a since ")
    assert waits.line() == ""
