"""What runs leave for later is counted page by page, until it is collected or for good.

Each case has a paper of its own; their runs are loaded together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from tasks.collect import collector
from tasks.collect.collector import MAX_FAILURES_IN_A_ROW, Collected
from tasks.collect.source_time import deferred
from tasks.model import CaptureKind, Entry
from tasks.process_pool import PagePool
from tests.collect.test_collect import (
    Desk,
    ask,
    captures,
    desk,
    feed,
    item,
    page,
    say_pages,
    sitemap,
    source,
)
from tests.support.loopback import Loopback, http, redirect

__all__ = ["desk"]

pytestmark = pytest.mark.slow

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)
OLD = "uvwxyz"
"""Pages of the days before, so that the first read shows how far its feed reaches back."""


class Paper(NamedTuple):
    """What its feed names at each run, by letters: a to f are of yesterday, 0 to 4 of today."""

    reads: tuple[str, ...]
    limits: Mapping[str, Any] = MappingProxyType({})
    """Of the second run."""


PAPERS = {
    "gb-moved": Paper((OLD, "fedcba" + OLD, "210fe"), {"max_new": 1}),
    "gb-kept": Paper((OLD, "fedcba" + OLD, "fdcba" + OLD), {"max_new": 1}),
    "gb-again": Paper((OLD, "fedcba" + OLD, "fedcba" + OLD), {"max_new": 1}),
    "gb-since": Paper((OLD, "fedcba" + OLD, "fe"), {"since": YESTERDAY + timedelta(hours=12.5)}),
    "gb-older": Paper((OLD, "fedcba" + OLD, "fedcba" + OLD), {"since": TODAY}),
    "gb-silent": Paper((OLD, "fedcba43210" + OLD, OLD)),
}
COVERAGE = "SELECT state, extracted, failed, completeness FROM coverage"
OF_YESTERDAY = f"{COVERAGE} WHERE day = '{YESTERDAY.date()}' AND source_id"


@dataclass
class Runs:
    """What three runs of each paper found, and what coverage said of yesterday after each."""

    desk: Desk
    found: dict[str, list[Collected]] = field(default_factory=lambda: {name: [] for name in PAPERS})
    told: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in PAPERS})


def published(letter: str) -> datetime:
    if letter in OLD:
        return YESTERDAY - timedelta(hours=1 + 4 * OLD.index(letter))
    if letter.isdigit():
        return TODAY + timedelta(seconds=int(letter))
    return YESTERDAY + timedelta(hours=10 + "abcdef".index(letter))


def named(web: Loopback, name: str, letters: str) -> bytes:
    urls = say_pages(web, *(f"{name}/{letter}" for letter in letters))
    if name == "gb-silent":
        for letter in set(letters) & set("fedcba43210"):
            web.set_answers(f"/{name}/{letter}", http(b"", "500 Oops"))
    dates = (format_datetime(published(letter)) for letter in letters)
    return feed(*map(item, urls, dates))


@pytest.fixture(scope="module")
def runs(pool: PagePool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with Loopback() as web:
        desk = Desk(tmp_path_factory.mktemp("left"), pool)
        done, sources = Runs(desk), {}
        for name, paper in PAPERS.items():
            feeds = [named(web, name, letters) for letters in paper.reads]
            sources[name] = source(name, feeds=(web.set_answers(f"/{name}", *feeds),))
        for number in range(3):
            for name, one in sources.items():
                desk.number = number
                limits = PAPERS[name].limits if number == 1 else {}
                done.found[name] += desk.run(one, **limits)
            desk.load(*(found[-1] for found in done.found.values()), sources=(*sources.values(),))
            for name, told in done.told.items():
                told += [ask(desk, f"{OF_YESTERDAY} = '{name}'")]
        yield done


def left(runs: Runs, name: str) -> list[list[str]]:
    """The letters that each run left for later."""
    return [
        [one.url_requested[-1] for one in captures(found) if one.outcome == "left_for_later"]
        for found in runs.found[name]
    ]


def test_pages_stay_lost_when_the_feed_moves_on_before_they_are_fetched(runs: Runs) -> None:
    assert left(runs, "gb-moved") == [[], list("edcba"), []]
    assert [one.deferred for one in runs.found["gb-moved"]] == [0, 5, 0]
    _, cut, after = runs.told["gb-moved"]
    assert cut == [("partial", 1, 5, 1 / 6)]
    assert after == [("partial", 2, 4, 2 / 6)]
    lost = "SELECT detail FROM rejections WHERE outcome = 'left_for_later' AND source_id"
    assert ask(runs.desk, f"{lost} = 'gb-moved'") == [("past the limit of 1 new page",)] * 5


def test_a_page_that_vanishes_is_lost_alone(runs: Runs) -> None:
    assert runs.told["gb-kept"][1:] == [[("partial", 1, 5, 1 / 6)], [("partial", 5, 1, 5 / 6)]]


def test_a_day_is_observed_once_what_was_left_is_fetched(runs: Runs) -> None:
    assert runs.told["gb-again"][1:] == [[("partial", 1, 5, 1 / 6)], [("observed", 6, 0, 1)]]


def test_what_a_silent_host_leaves_is_lost_page_by_page(runs: Runs) -> None:
    assert left(runs, "gb-silent")[1:] == [list("a43210"), []]
    why = f"after {MAX_FAILURES_IN_A_ROW} pages in a row without an answer"
    details = {
        one.detail for one in captures(runs.found["gb-silent"][1]) if one.url_requested[-1] == "a"
    }
    assert details == {why}
    assert runs.told["gb-silent"][1:] == [[("missing", 0, 6, 0)]] * 2


def test_pages_older_than_a_run_takes_are_missing_from_their_days(runs: Runs) -> None:
    assert left(runs, "gb-since")[1:] == [list("cba"), []]
    assert runs.told["gb-since"][1:] == [[("partial", 3, 3, 0.5)]] * 2
    (why,) = {one.detail for one in captures(runs.found["gb-since"][1]) if one.detail[:4] == "publ"}
    assert why == f"published before {YESTERDAY:%Y-%m-%d} 12:30, too long ago for this run"
    assert runs.found["gb-since"][1].deferred == 0
    assert runs.told["gb-older"][1:] == [[("missing", 0, 6, 0)], [("observed", 6, 0, 1)]]


def test_a_page_is_left_once_however_many_runs_leave_it(web: Loopback, desk: Desk) -> None:
    letters = "fedcba" + OLD
    one = source("gb-post", feeds=(web.set_answers("/feed", named(web, "gb-post", letters)),))
    found = [desk.run_and_load(one, max_new=2) for _ in range(3)]
    assert [each.deferred for each in found] == [10, 8, 6]
    assert [each.outcomes.get("left_for_later", 0) for each in found] == [10, 0, 0]
    assert ask(desk, "SELECT sum(failed)::INT FROM coverage") == [(6,)]


@pytest.mark.parametrize("failure", [None, http(b"", "503 Oops")])
def test_a_lost_page_is_fetched_though_another_address_led_to_its_article(
    web: Loopback, desk: Desk, failure: bytes | None
) -> None:
    names = [f"gb-post/{letter}" for letter in "ba"]
    at_feed = [web.set_answers(f"/go/{name}", redirect(web.url + f"/{name}")) for name in names]
    # Fetched by the feed's addresses first; those of the sitemap are left for later, or fail.
    articles = [page(f"All about {name}") for name in names]
    answers = [[article, failure, article] if failure else [article] for article in articles]
    own = [web.set_answers(f"/{name}", *each) for name, each in zip(names, answers, strict=True)]
    dated = map(item, at_feed, (format_datetime(published(letter)) for letter in "ba"))
    feeds, sitemaps = (web.set_answers("/feed", feed(*dated)),), (web.url + "/sitemap.xml",)
    web.set_answers("/sitemap.xml", sitemap(*own))
    one = source("gb-post", feeds=feeds, sitemaps=sitemaps)
    found = [desk.run_and_load(one, max_new=0 if failure else 2) for _ in range(3)]
    lost = "server_error" if failure else "left_for_later"
    assert [each.outcomes.get(lost, 0) for each in found] == [2, 0, 0]
    assert [each.outcomes.get("fetched", 0) for each in found] == [2, 2, 0]
    assert ask(desk, "SELECT DISTINCT gave_article, is_lost FROM pages") == [(True, False)]
    assert ask(desk, "SELECT count(*)::INT FROM articles") == [(2,)]


def test_a_capture_of_an_earlier_version_stands_for_its_pages_until_these_are_left_again(
    web: Loopback, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(visit: Any, pages: Mapping[str, tuple[Entry, str]]) -> None:
        if pages:
            first, _ = next(iter(pages.values()))
            detail = f"{len(pages)} pages of this day"
            at = visit.collector.now
            visit._record(deferred(CaptureKind.PAGE, first.url, at, detail), first)

    feeds = [named(web, "gb-post", letters) for letters in (OLD, "fedcba" + OLD, "0fedcba" + OLD)]
    one = source("gb-post", feeds=(web.set_answers("/feed", *feeds),))
    desk.run_and_load(one)
    with monkeypatch.context() as earlier:
        earlier.setattr(collector._Visit, "_record_unfetched", leave)
        assert desk.run_and_load(one, max_new=1).deferred == 5
    assert ask(desk, "SELECT listed::INT, failed::INT FROM coverage WHERE failed > 0") == [(6, 5)]
    assert desk.run_and_load(one, max_new=1).outcomes["left_for_later"] == 5
    assert ask(desk, "SELECT listed::INT, failed::INT FROM coverage WHERE failed > 0") == [(6, 5)]
