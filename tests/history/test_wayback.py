"""Pages of the Wayback Machine: found, fetched, archived, loaded, and known for what they are."""

import gzip
import socket
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.archive.read import read_archive
from tasks.history.periods import Period
from tasks.history.replay import DIFFERS, EXCLUDED
from tests.history.conftest import Desk, article
from tests.support.build_warcs import page
from tests.support.loopback import Answer, dripping, http, redirect
from tests.support.staged_pages import Page, listing, prose, stage
from tests.support.web_archive import StoredCapture

ARCHIVED = ["no_listing_read", "archived_only"]
GONE = b"<html><head><title>404 - Page not found</title></head><body><h1>Page not found</h1></body>"


def reset(conn: socket.socket) -> None:
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def test_an_archived_day_is_filled_and_is_no_observed_day(desk: Desk) -> None:
    desk.archive.keep(*(article(number, day) for number, day in enumerate((1, 1, 2, 3))))
    # A later capture of the same page, under another address of it.
    first = desk.archive.kept[0]
    desk.archive.keep(
        StoredCapture(first.url.replace("https", "http"), first.at + timedelta(1), b"later")
    )
    found = desk.history()
    assert found.tally.error == ""
    assert desk.days() == {
        1: ("partial", ARCHIVED, 2, 2),
        2: ("partial", ARCHIVED, 1, 1),
        3: ("partial", ARCHIVED, 1, 1),
    }
    assert set(desk.days("completeness, estimated_published").values()) == {(None, None)}
    assert desk.ask("SELECT state FROM coverage_local")[0]["state"] == "partial"
    pages = desk.ask("FROM captures WHERE kind = 'page' ORDER BY url_requested")
    kept = desk.archive.kept[:4]
    assert [row["obtained_from"] for row in pages] == ["wayback"] * 4
    assert [row["attempted_at"] for row in pages] == [each.at for each in kept]
    assert [row["url_requested"] for row in pages] == [each.url for each in kept]
    assert [row["detail"] for row in pages] == [""] * 4
    (ledger,) = desk.ask("SELECT flow, attempts, robots, listings, pages, articles FROM runs")
    assert tuple(ledger.values()) == ("history", 6, 1, 1, 4, 4)
    # The archive file says it, too, so that a rebuild does.
    assert found.collected.warc
    archived = [capture for capture, _ in read_archive(found.collected.warc)]
    assert {str(one.obtained_from) for one in archived if one.kind == "page"} == {"wayback"}
    # What was fetched is not fetched again, nor is the index.
    asked = len(desk.archive.hits)
    again = desk.history()
    assert (again.tally.saved, again.tally.requests, again.tally.known.total()) == (1, 0, 4)
    assert len(desk.archive.hits) == asked


def test_an_index_is_read_in_pages_and_a_bound_leaves_the_rest_to_the_next_run(desk: Desk) -> None:
    desk.rows = 2
    desk.archive.keep(*(article(number, hours=number) for number in range(5)))
    # robots.txt, an answer with two pages, another answer
    first = desk.history(max_requests=5)
    assert (first.tally.requests, first.tally.fetched, first.tally.remaining) == (5, 2, 2)
    assert first.tally.notes == ["the run has made all requests that it may"]
    second = desk.history()
    assert (second.tally.saved, second.tally.fetched, second.tally.remaining) == (2, 3, 0)
    assert len(set(desk.archive.index_requests)) == len(desk.archive.index_requests) == 3
    assert len(set(desk.archive.page_requests)) == len(desk.archive.page_requests) == 5
    assert desk.days("extracted")[1] == (5,)


def test_every_end_of_a_capture_has_its_outcome(desk: Desk) -> None:
    archive = desk.archive
    busy = http(b"", "429 Too Many Requests", Retry_After="1")
    blocked = http(b"This URL has been excluded from the Wayback Machine.", "403 Forbidden")
    elsewhere = archive.set_answers("/elsewhere", http(page(0, 99)))
    earlier = article(90, hours=30)
    troubles: dict[str, tuple[Answer, ...]] = {
        "asked to wait": (busy, article(0).response),
        "too many": (http(b"", "429 Too Many Requests"),),
        "down": (http(b"", "503 Service Unavailable"),),
        "reset": (reset,),
        "never ends": (dripping(http(Content_Length="9999"), b"<p>"),),
        "cut": (http(page(0, 5), Content_Length="99999"),),
        "excluded": (blocked,),
        "not there": (http(b"", "404 Not Found"),),
        "another time": (redirect(archive.address(earlier)),),
        "led away": (redirect(elsewhere),),
    }
    kept = [article(number, hours=number) for number in range(len(troubles))]
    for capture, answers in zip(kept, troubles.values(), strict=True):
        archive.set_answers(archive.address(capture), *answers)
    archive.set_answers(archive.address(earlier), earlier.response)
    body = page(0, 20)
    zipped: dict[str, Any] = {"headers": {"Content-Encoding": "gzip"}, "body": gzip.compress(body)}
    archive.keep(
        *kept,
        article(20, hours=20, **zipped),
        article(21, hours=21, digest="A" * 32),
        article(22, hours=22, body=GONE),
    )
    found = desk.history()
    rows = desk.ask("FROM captures WHERE kind = 'page' ORDER BY url_requested")
    ends = [(row["outcome"], row["detail"]) for row in rows]
    by_name = dict(zip([*troubles, "gzip", "other digest", "gone"], ends, strict=True))
    assert {name: outcome for name, (outcome, _) in by_name.items()} == {
        "asked to wait": "article",
        "too many": "rate_limited",
        "down": "server_error",
        "reset": "broken_response",
        "never ends": "timed_out",
        "cut": "broken_response",
        "excluded": "denied",
        "not there": "not_found",
        "another time": "article",
        "led away": "http_error",
        "gzip": "article",
        "other digest": "article",
        "gone": "soft_404",
    }
    assert by_name["excluded"][1] == EXCLUDED
    assert by_name["led away"][1].startswith("redirected out of the archive")
    assert by_name["another time"][1] == f"the archive gave its capture of {earlier.at:%F %T}"
    assert by_name["gzip"][1] == ""
    assert by_name["other digest"][1] == DIFFERS
    assert found.tally.passed == {"digest_differs": 1}
    # A page that an archive could not give is no loss of the day.
    assert desk.days("extracted, failed, reasons")[1] == (4, 0, ARCHIVED)
    # Only what may be better next time is asked for again.
    asked = len(archive.page_requests)
    desk.history()
    again = {path.rpartition("-")[2] for path in archive.page_requests[asked:]}
    assert again == {f"{number:05d}.html" for number in (1, 2, 3, 4, 5, 6, 9)}


BLOCKED = b"org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error"


@pytest.mark.parametrize(
    ("says", "error", "notes"),
    [
        ([http(BLOCKED, "403 Forbidden")], "", [f"paper0.co.uk is {EXCLUDED}"]),
        ([http(b"", "403 Forbidden")], "denied", []),
        ([http(b"", "503 Service Unavailable")] * 3, "server_error", []),
        ([http(b"", "429 Too Many Requests", Retry_After="3600")], "rate_limited", []),
        ([http(b"<html>We are down</html>")], "listing_unreadable", []),
        ([http(b'[["original"],["a"]]')], "listing_unreadable", []),
        ([http(b"[]")], "", []),
        ([http(b"")], "", []),
        ([http(b"", "429 Too Many Requests", Retry_After="1")], "", []),
        ([reset], "", []),
    ],
)
def test_what_the_index_says_is_named(
    desk: Desk, says: list[Answer], error: str, notes: list[str]
) -> None:
    desk.archive.index_says += says
    found = desk.history(dry_run=True)
    assert found.tally.notes == notes
    assert found.collected.error.startswith("the index of the archive" if error else "")
    assert error in found.collected.error
    assert bool(found.collected.error) == bool(error)


def test_a_dry_run_says_what_would_be_fetched_and_writes_nothing(desk: Desk) -> None:
    desk.archive.keep(*(article(number, day) for number, day in enumerate((1, 2, 2, 3))))
    desk.archive.keep(StoredCapture("https://www.paper0.co.uk/tag/harbour", article(0).at, b""))
    desk.archive.keep(article(8, day=20, hours=-400))
    found = desk.history(dry_run=True)
    assert found.tally.wanted == {("wayback", "2024-05"): 4}
    assert found.tally.passed == {"no_article_url": 1, "other_day": 1}
    assert found.tally.requests == 2  # robots.txt and the index
    assert desk.archive.page_requests == []
    assert not (desk.layout.raw / desk.source.id).exists()


def test_no_more_captures_of_a_page_are_tried_than_asked_for(desk: Desk) -> None:
    bad = [article(0, hours=hours, body=GONE) for hours in (1, 2, 3)]
    for capture in bad:
        desk.archive.kept[:] = [capture]
        # An index that was read is not read again: as if the archive had it from another month.
        desk.rows += 1
        desk.history(captures_per_page=2)
    assert len(desk.archive.page_requests) == 2


def test_days_that_were_observed_are_left_alone(desk: Desk) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    pages = [listing("gb-harbour", hour=hour) for hour in range(0, 72, 1)] + [
        Page(f"story-{day}", prose(day), day=day, hour=1 + 24 * day, source_id="gb-harbour")
        for day in (0, 1)
    ]
    desk.load(stage(desk.layout, "20260302T060000Z-000001", pages))
    states = desk.ask("SELECT day, state, archived FROM coverage ORDER BY day")
    assert {row["archived"] for row in states} == {0}
    observed = [row["day"] for row in states if row["state"] == "observed"]
    assert observed
    first = start.date() - timedelta(3)
    desk.history(period=Period(first, observed[-1]), dry_run=True)
    asked = [path.partition("&from=")[2][:8] for path in desk.archive.index_requests]
    assert asked == [f"{first:%Y%m%d}", "20260301"]
