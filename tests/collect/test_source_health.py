"""Sources that fail again and again, or fall silent: what runs do, what `source_health` says."""

import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prefect.client.schemas.objects import StateType

from flows.ingest import ingest
from flows.runs.ingest_result import summary
from tasks.collect.circuit_breaker import Breaker
from tasks.collect.collector import MAX_FAILURES_IN_A_ROW, Collected, Collector
from tasks.collect.fetch.client import Client
from tasks.load.load_run import load, rebuild_warehouse
from tasks.model import RunFailed
from tasks.process_pool import PagePool
from tasks.settings import Limits
from tasks.sources.collections import load_sources
from tasks.sources.source import Source
from tests.cli.test_command import command
from tests.collect.test_collect import feed, fetched, item, page, saved, source
from tests.collect.test_recheck import START
from tests.collect.test_recheck import Desk as AnyDesk
from tests.support import staged_pages as staged
from tests.support.kept_folder import KeptFolder
from tests.support.loopback import AGENT, Loopback, http
from tests.support.publishing import publish
from tests.support.sample_newsroom import TOPICS as TOPICS_FILE
from tests.support.serving import Files
from tests.support.staged_pages import TOPICS, Page, listing, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import query
from warehouse.read.source_health import SourceHealth, source_health, unhealthy

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOWN = http(b"", "503 Busy")


class Desk(AnyDesk):
    """An installation whose runs skip what fails, by a clock of ours."""

    def run(self, after: timedelta, *sources: Source) -> list[Collected]:
        """Collect and load as if it were so long after the start."""
        found = self._collected(after, source_health(self.layout), sources)
        if any(each.warc for each in found):
            self.load(after, *found, sources=sources)
        return found

    def named(self, hours: Sequence[float], *sources: Source) -> dict[timedelta, list[Collected]]:
        """Collect after so many hours what a person named: nothing is skipped, nor loaded yet."""
        times = [hour * HOUR for hour in hours]
        return {after: self._collected(after, {}, sources) for after in times}

    def asks(self, after: timedelta, one: Source) -> Collected:
        """What a run would collect then; nothing is loaded."""
        (collected,) = self._collected(after, source_health(self.layout), [one])
        return collected

    def _collected(
        self, after: timedelta, health: Mapping[str, SourceHealth], sources: Sequence[Source]
    ) -> list[Collected]:
        now, run_id = START + after, self.run_id(after)
        limits = Limits(max_seconds=5, max_tries=2)
        with Client(
            limits, AGENT, self.layout.cache, backoff_seconds=0.01, clock=lambda: now
        ) as client:
            breaker = Breaker(health, now)
            collector = Collector(self.layout, run_id, client, limits, now=now, breaker=breaker)
            return [collector.collect(each) for each in sources]

    def health(self, one: Source) -> SourceHealth:
        return source_health(self.layout)[one.id]


@pytest.fixture
def web(lasting_web: Loopback) -> Loopback:
    lasting_web.reset()
    return lasting_web


@pytest.fixture
def desk(tmp_path: Path, pool: PagePool) -> Desk:
    return Desk(tmp_path / "data", pool)


GROWING = (0, 1, 2, 3, 5, 9, 17, 33, 57)
POLLS: dict[str, Sequence[float]] = {
    **{f"gb-failed-{times}": GROWING[:times] for times in range(2, 10)},
    "gb-at-night": (13, 14, 15, 16),  # the start is at six
    "gb-retired": (0, 1, 2),
    # These answer at times.
    "gb-seldom": (0, 15, 16, 17, 18, 20, 24, 32, 48),
    "gb-relapsed": (0, 1, 2, 3, 4),
    "gb-half": (0, 1, 2),
    "gb-well": (0, 1, 2),
    # These have other places than listings that fail.
    "gb-app-new": (0, 1),
    "gb-app": (0, 1, 2),
    "gb-app-no-more": (0, 1, 2, 3),
    "gb-pages": (0, 1, 2, 3),
}
"""When papers were asked, in hours after the start: as often as runs would, of which none skips."""
LISTINGS = ("one", "two", "three")


def paper(web: Loopback, name: str, **places: Any) -> Source:
    return source(name, feeds=tuple(f"{web.url}/{name}/{each}" for each in LISTINGS), **places)


def say(web: Loopback, name: str, *answers: bytes) -> None:
    """What each listing of the paper answers."""
    for each in LISTINGS:
        web.set_answers(f"/{name}/{each}", *answers)


@pytest.fixture(scope="module")
def papers(lasting_web: Loopback) -> dict[str, Source]:
    """The sources of POLLS."""
    url = lasting_web.url
    app = {"feeds": (f"{url}/app-feed",), "sections": (f"{url}/app",)}
    others = [
        *(source(name, **app) for name in ("gb-app-new", "gb-app", "gb-app-no-more")),
        source("gb-pages", feeds=(f"{url}/gb-pages/feed",)),
    ]
    listed = [paper(lasting_web, name) for name in POLLS]
    return {one.id: one for one in (*listed, *others)}


@pytest.fixture(scope="module")
def all_polled(
    lasting_web: Loopback,
    papers: dict[str, Source],
    pool: PagePool,
    tmp_path_factory: pytest.TempPathFactory,
) -> KeptFolder:
    """Every paper was asked at its times, and all of it was loaded at once."""
    for name in POLLS:
        say(lasting_web, name, DOWN)
    article = item(lasting_web.set_answers("/a", page("All is well")), format_datetime(START))
    say(lasting_web, "gb-seldom", feed(article), DOWN)
    say(lasting_web, "gb-relapsed", *[DOWN] * 3 * 2, feed(), DOWN)
    say(lasting_web, "gb-half", feed())
    lasting_web.set_answers("/gb-half/one", http(b"", "404 Not Found"))
    say(lasting_web, "gb-well", feed())
    shell = http(b"<html><title>News</title><div id='app'></div></html>")
    lasting_web.set_answers("/app", shell)
    lasting_web.set_answers("/app-feed", feed())
    lasting_web.set_answers("/gb-pages/feed", *map(_with_pages_down(lasting_web), (-1, 3)))

    def fill(layout: Layout) -> None:
        desk, asked = Desk(layout.root, pool), dict(papers)
        found: dict[timedelta, list[Collected]] = {}
        for hour in sorted({hour for hours in POLLS.values() for hour in hours}):
            if hour == POLLS["gb-app-no-more"][-1]:
                asked["gb-app-no-more"] = asked["gb-app-no-more"].model_copy(
                    update={"sections": ()}
                )
            found |= desk.named([hour], *(asked[name] for name in POLLS if hour in POLLS[name]))
        collected: dict[str, list[Collected]] = {name: [] for name in POLLS}
        for each in chain(*found.values()):
            collected[each.source_id].append(each)
        del asked["gb-retired"]
        desk.load_runs(found, tuple(asked.values()))
        note = f"{lasting_web.url}/app: no link looks like an article's"
        assert [each.listing_notes for each in collected["gb-app"]] == [(note,)] * 3
        assert [each.error for each in collected["gb-pages"]] == [""] * 4

    return KeptFolder(tmp_path_factory.mktemp("polled"), fill)


def _with_pages_down(web: Loopback) -> Callable[[int], bytes]:
    """A feed that names so many pages more than FAILURES_IN_A_ROW that are down, and a good one."""

    def listed(more: int) -> bytes:
        bad = [web.set_answers(f"/bad-{n}", DOWN) for n in range(MAX_FAILURES_IN_A_ROW + more)]
        return feed(*map(item, [*bad, web.set_answers("/good", page("All is well"))]))

    return listed


@pytest.fixture
def polled(all_polled: KeptFolder, pool: PagePool) -> Desk:
    """An installation that has asked all papers."""
    return Desk(all_polled.restored().root, pool)


def hours(paper: SourceHealth) -> float:
    """When the paper is asked again, in hours after the start."""
    assert paper.open_until
    return (paper.open_until - START) / HOUR


def dead_port() -> int:
    """A port of loopback at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def test_a_source_that_fails_is_skipped_for_growing_periods(web: Loopback, polled: Desk) -> None:
    first_asked = []
    for times, until in {3: 3, 4: 5, 5: 9, 6: 17, 7: 33, 8: 57, 9: 57 + 24}.items():
        one = paper(web, f"gb-failed-{times}")
        say(web, one.id, DOWN)
        health = polled.health(one)
        assert (health.failures_in_a_row, hours(health)) == (times, until)
        assert health.last_failure_outcome == "server_error"
        assert "503" in (health.last_failure_detail or "")
        skipped = polled.asks((until - 0.5) * HOUR, one)
        assert (skipped.error, skipped.warc, fetched(web)) == ("", None, [])
        on_trial = polled.asks(until * HOUR, one)
        assert (bool(on_trial.error), on_trial.skipped) == (True, "")
        # One request; which listing decides is another one each time.
        (asked,) = fetched(web)
        first_asked.append(asked.rpartition("/")[2])
        web.hits.clear()
    assert first_asked == [*LISTINGS, *LISTINGS, "one"]
    assert skipped.skipped.startswith(
        "skipped until 15:00 UTC after 9 failures: server_error: http://127.0.0.1"
    )


def test_before_its_third_failure_a_source_is_asked_as_ever(web: Loopback, polled: Desk) -> None:
    one = paper(web, "gb-failed-2")
    say(web, one.id, DOWN)
    # Others of this warehouse were asked on later days.
    assert polled.health(one).state in ("failing", "not_asked")
    assert (polled.health(one).failures_in_a_row, polled.health(one).open_until) == (2, None)
    assert polled.asks(2 * HOUR, one).error
    assert len(fetched(web)) == 3 * 2  # each listing as often as the settings allow
    # A failure after the source was read is the first one again.
    relapsed = polled.health(paper(web, "gb-relapsed"))
    assert (relapsed.state in ("failing", "not_asked"), relapsed.failures_in_a_row) == (True, 1)
    assert relapsed.open_until is None


def test_a_source_that_is_read_again_is_asked_as_ever_and_its_skipped_days_are_no_zeros(
    web: Loopback, polled: Desk
) -> None:
    seldom, one = paper(web, "gb-seldom"), paper(web, "gb-failed-9")
    say(web, seldom.id, feed())
    assert polled.asks(71 * HOUR, seldom).skipped
    found = {72 * HOUR: [polled.asks(72 * HOUR, seldom)]}
    assert found[72 * HOUR][0].error == ""
    web.hits.clear()

    say(web, one.id, DOWN)
    web.set_answers(f"/{one.id}/one", feed(item(web.set_answers("/b", page("All is well")))))
    back = polled.asks(81 * HOUR, one)
    # Once one was read, the others are asked as ever.
    asked = [path.rpartition("/")[2] for path in fetched(web)]
    assert asked == ["one", "two", "two", "three", "three", "b"]
    assert (back.error, back.outcomes["fetched"], back.outcomes["listed"]) == ("", 1, 1)
    polled.load_runs(found | {81 * HOUR: [back]}, (seldom, one))
    well = polled.health(one)
    assert (well.state, well.failures_in_a_row, well.open_until) == ("healthy", 0, None)
    assert well.last_success_at == well.last_new_article_at == START + 81 * HOUR
    assert well.last_failure_at == START + 57 * HOUR

    of_paper = "WHERE source_id = 'gb-seldom'"
    states = polled.ask(f"SELECT state, reasons FROM coverage {of_paper} ORDER BY day")
    missing = ("missing", ["listings_failed", "no_listing_read"])
    assert [(state, sorted(reasons)) for state, reasons in states] == [
        ("partial", ["partly_read"]),
        *[missing] * 2,
        ("partial", ["partly_read"]),
    ]
    told = (
        f"SELECT articles, share FROM topic_daily {of_paper} AND topic_id = 'summit' ORDER BY day"
    )
    assert polled.ask(told) == [(1, 0.0), *[(None, None)] * 2, (0, None)]


def test_until_tomorrow_is_shown_with_its_day(web: Loopback, polled: Desk) -> None:
    asked = polled.asks(16.5 * HOUR, paper(web, "gb-at-night"))
    assert asked.skipped.startswith("skipped until 4 Mar 00:00 UTC after 4")


def test_a_source_of_whose_listings_one_is_read_is_never_skipped(
    web: Loopback, polled: Desk
) -> None:
    one = paper(web, "gb-half")
    say(web, one.id, feed())
    gone = web.set_answers("/gb-half/one", http(b"", "404 Not Found"))
    collected = polled.asks(3 * HOUR, one)
    assert (collected.error, collected.skipped) == ("", "")
    health = polled.health(one)
    assert (health.failures_in_a_row, health.open_until) == (0, None)
    assert (health.unread_listings, health.last_failure_at) == ([gone], None)


def test_a_section_page_without_links_to_articles_is_named(
    polled: Desk, papers: dict[str, Source]
) -> None:
    """Once three reads of it, which is still asked, were without any."""
    (shell,) = papers["gb-app"].sections
    named = ("gb-app-new", "gb-app", "gb-app-no-more")
    found = [polled.health(papers[name]).empty_sections for name in named]
    assert found == [[], [shell], []]
    assert f"no link to an article in {shell}" in polled.health(papers["gb-app"]).why


def test_a_skipped_source_is_asked_by_name_and_its_saved_files_are_taken_in(
    web: Loopback, polled: Desk, tmp_path: Path
) -> None:
    filed = paper(web, "gb-failed-4", files=saved(tmp_path / "saved", {}).files)
    (tmp_path / "saved" / "a.txt").write_text("Ferry stops\n\n" + "The skippers came. " * 40)
    collected = polled.asks(3.5 * HOUR, filed)
    assert (collected.outcomes, web.hits) == ({"fetched": 1}, [])
    assert collected.skipped

    one = paper(web, "gb-failed-3")
    say(web, one.id, DOWN, DOWN, feed())
    found = polled.named([2.5, 2.6], one)
    (failed,), (read,) = found.values()
    assert (bool(failed.error), failed.skipped) == (True, "")
    assert (read.error, len(fetched(web))) == ("", 3 * 2 + 3)
    polled.load_runs(found | {3.5 * HOUR: [collected]}, (one, filed))
    assert polled.health(filed).failures_in_a_row == 4
    assert polled.asks(2.7 * HOUR, one).skipped == ""


def test_a_source_with_another_address_is_asked_at_once(web: Loopback, polled: Desk) -> None:
    one = paper(web, "gb-failed-3")
    assert polled.asks(2.5 * HOUR, one).skipped
    moved = source(one.id, feeds=(*one.feeds, web.set_answers("/new", feed())))
    collected = polled.asks(2.6 * HOUR, moved)
    assert (collected.error, collected.skipped, collected.outcomes["listed"]) == ("", "", 1)


def test_pages_that_bring_no_answer_any_more_are_a_failure(
    polled: Desk, papers: dict[str, Source]
) -> None:
    one = papers["gb-pages"]
    ended = f"SELECT ended FROM polls WHERE source_id = '{one.id}' ORDER BY sequence"
    assert polled.ask(ended) == [("read",), *[("fell_silent",)] * 3]
    health = polled.health(one)
    assert (health.failures_in_a_row, health.last_failure_outcome) == (3, "server_error")
    assert health.last_success_at == START + 3 * HOUR
    assert polled.asks(3.5 * HOUR, one).skipped


def test_where_nobody_answers_the_papers_are_not_blamed(web: Loopback, desk: Desk) -> None:
    names = ("gb-a", "gb-b", "gb-c")
    answering = [source(name, feeds=(web.set_answers(f"/{name}", feed()),)) for name in names]
    nowhere = f"http://127.0.0.1:{dead_port()}/feed"
    dead = [source(name, feeds=(nowhere,)) for name in names]
    found = desk.named([0], *answering) | desk.named([1, 2, 3, 4], *dead)
    desk.load_runs(found, tuple(dead))
    assert {paper.state for paper in source_health(desk.layout).values()} == {"cut_off"}
    assert [desk.health(one).failures_in_a_row for one in dead] == [0, 0, 0]
    # One that answers, if only with an error, shows that the line is up.
    found = desk.named(
        [5, 6, 7], *dead[:2], source("gb-c", feeds=(web.set_answers("/feed", DOWN),))
    )
    # Now none of them is known to be well, so that nobody else can be blamed.
    found |= desk.named([20], *dead)
    assert all(each.error for collected in found.values() for each in collected)
    desk.load_runs(found, tuple(dead))
    ended = desk.ask("SELECT list(ended ORDER BY sequence) FROM polls GROUP BY source_id")
    assert ended == [(["read", *["cut_off"] * 4, *["failed"] * 4],)] * 3
    assert [desk.health(one).failures_in_a_row for one in dead] == [4, 4, 4]
    assert "connect_failed" in (desk.health(dead[0]).last_failure_detail or "")
    before = desk.ask("FROM polls ORDER BY ALL")
    rebuild_warehouse(desk.layout, TOPICS, dead)
    assert desk.ask("FROM polls ORDER BY ALL") == before


def test_an_outage_is_seen_by_runs_of_few_sources(web: Loopback, desk: Desk) -> None:
    """As with a schedule that asks only what is due: they are counted over the runs in a row."""
    names = ("gb-a", "gb-b", "gb-c")
    answering = [source(name, feeds=(web.set_answers(f"/{name}", feed()),)) for name in names]
    nowhere = f"http://127.0.0.1:{dead_port()}/feed"
    a, b, c = dead = [source(name, feeds=(nowhere,)) for name in names]
    found = desk.named([0], *answering)
    for hour, asked in enumerate([(a,), (a, b), (c,), (a,)], 1):
        found |= desk.named([hour], *asked)
    # A host answers, so that the next runs are counted anew.
    found |= desk.named([5], answering[2]) | desk.named([6], a) | desk.named([7], b)
    # In several loads the runs are judged as in one.
    runs = [*found.items()]
    for some in (runs[:3], runs[3:4], runs[4:]):
        desk.load_runs(dict(some), tuple(dead))
    ended = desk.ask(
        "SELECT source_id, list(ended ORDER BY sequence) FROM polls GROUP BY ALL ORDER BY ALL"
    )
    assert ended == [
        ("gb-a", ["read", "failed", "failed", "cut_off", "failed"]),
        ("gb-b", ["read", "failed", "failed"]),
        ("gb-c", ["read", "cut_off", "read"]),
    ]
    before = desk.ask("FROM polls ORDER BY ALL")
    rebuild_warehouse(desk.layout, TOPICS, dead)
    assert desk.ask("FROM polls ORDER BY ALL") == before


def test_a_failure_in_the_future_and_saved_files_alone_hold_nothing_up(
    web: Loopback, desk: Desk, tmp_path: Path
) -> None:
    one = source(feeds=(web.set_answers("/feed", DOWN),))
    filed = saved(tmp_path / "saved", {"bad.html.gz": "no gzip"}, "gb-files")
    # Of a clock that is twenty years fast.
    desk.load_runs(desk.named([20 * 365 * 24 + hour for hour in range(3)], one), (one,))
    assert desk.health(one).state == "failing"
    web.set_answers("/feed", feed())
    assert [each.skipped for each in desk.run(0 * HOUR, one, filed)] == ["", ""]
    health = desk.health(one)
    # The saved file was read by the clock of this machine, long after the paper.
    assert (health.state, health.failures_in_a_row) == ("not_asked", 0)
    assert (health.open_until, health.is_silent) == (None, False)
    for hour in range(1, 5):
        (collected,) = desk.run(hour * HOUR, filed)
        assert collected.skipped == ""
    paper = desk.health(filed)
    assert (paper.state, paper.failures_in_a_row, paper.is_silent) == ("files_only", 0, False)


def test_the_rule_is_that_of_the_settings(web: Loopback, polled: Desk) -> None:
    one = paper(web, "gb-failed-3")
    assert hours(polled.health(one)) == 3
    given = {"failures_to_skip": 2, "first_skip": "90m", "longest_skip": "2h"}
    limits = Limits.model_validate(given)
    assert load(polled.layout, TOPICS, [one], limits=limits).load_no
    publish(polled.layout)
    assert hours(polled.health(one)) == 2 + 2
    assert load(polled.layout, TOPICS, [one], limits=limits).load_no is None
    assert load(polled.layout, TOPICS, [one]).load_no is None
    rule = "SELECT opens_after, epoch(first_pause), epoch(longest_pause) FROM breaker"
    assert polled.ask(rule) == [(2, 5400.0, 7200.0)]
    before = source_health(polled.layout)
    rebuild_warehouse(polled.layout, TOPICS, [one], limits=limits)
    assert source_health(polled.layout) == before


def test_the_unhealthy_are_listed_as_of_a_time(web: Loopback, polled: Desk, tmp_path: Path) -> None:
    assert unhealthy(Layout(tmp_path), START) == ()
    for after, listed in ((2.5, ["gb-failed-3"]), (3.5, ["gb-failed-4", "gb-pages"]), (90, [])):
        found = unhealthy(polled.layout, START + after * HOUR)
        assert [health.source_id for health in found] == listed
    why = polled.health(paper(web, "gb-failed-3")).why
    # Others of this warehouse were asked on later days.
    not_asked = "not asked since 2025-03-03 08:00 UTC"
    assert why.endswith(f"status 503; asked again from 2025-03-03 09:00 UTC on; {not_asked}")
    assert polled.health(paper(web, "gb-well")).why == not_asked
    retired = polled.health(paper(web, "gb-retired"))
    assert (retired.state, retired.is_open(START + 2.5 * HOUR)) == ("retired", True)


# A paper that brings nothing new. Staged, so that weeks cost nothing.


def articles(days: list[float], source_id: str = "gb-post") -> list[Page]:
    return [
        Page(
            *(f"{source_id}-{n}", "The board met. " * 9 + str(n)),
            hour=24 * day,
            source_id=source_id,
            about=_at(day),
        )
        for n, day in enumerate(days)
    ]


def _at(day: float) -> dict[str, Any]:
    moment = staged.START + day * DAY
    return {"published_at": moment, "published_date": moment.date()}


WORKDAYS = [day + part for day in range(35) if day % 7 < 5 for part in (0.1, 0.4)]
TWICE_A_WEEK = [float(day) for day in range(35) if day % 7 in (1, 4)]
DAILY = [day + part for day in range(56) for part in (0.1, 0.4)]
PACES: dict[str, tuple[list[float], int | None, float | None]] = {
    # Days with articles, how many are expected a day at least, days of patience.
    "gb-daily": ([day + part for day in range(35) for part in (0.1, 0.4)], 1, 1.05),  # 0.7 by night
    "gb-workdays": (WORKDAYS, 1, 1.5 * 2.7),  # from Friday 0.4 to Monday 0.1
    "gb-twice-a-week": (TWICE_A_WEEK, 0, 1.5 * 4),
    "gb-new": ([0.0, 1.0, 2.0], 1, 4),
    "gb-new-and-rare": ([0.0, 1.0, 2.0], 0, None),
    "gb-nothing-expected": (WORKDAYS, None, None),
    # Two outages do not teach patience.
    "gb-outages": ([day for day in DAILY if not (10 < day < 19 or 30 < day < 36)], 1, 1.05),
    "gb-no-article": ([], 1, 4),
}


@pytest.fixture(scope="module")
def paces(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Papers of all paces, last looked at just before and just after their patience ends."""
    papers: list[Source] = []
    first: list[Page] = []
    pages: list[Page] = []
    for name, (days, low, patience) in PACES.items():
        for end, wait in (("before", 0.98), ("after", 1.02)):
            paper = f"{name}-{end}"
            papers.append(staged.source(paper, expected_daily=None if low is None else (low, 50)))
            last = max(days, default=0) + (patience or 99) * wait
            first.append(listing(paper))
            pages += [*articles(days, paper), listing(paper, hour=24 * last)]
    layout = Layout(tmp_path_factory.mktemp("paces"))
    runs = [stage(layout, f"2026030{n}T060000Z-aaaaaa", run) for n, run in ((2, first), (3, pages))]
    load(layout, TOPICS, papers, runs)
    publish(layout)
    return layout


@pytest.mark.parametrize("name", PACES)
def test_a_paper_is_silent_when_it_pauses_longer_than_it_ever_does(
    paces: Layout, name: str
) -> None:
    days, _, patience = PACES[name]
    newest = max(days, default=0)
    for end, is_silent in (("before", False), ("after", True)):
        paper = source_health(paces)[f"{name}-{end}"]
        assert paper.is_silent == (is_silent and patience is not None)
        assert paper.silent_since == (staged.START + newest * DAY if paper.is_silent else None)
        # The papers of one warehouse end on different days: most are no longer asked.
        ends = "silent" if paper.is_silent else "healthy"
        assert paper.state == ("not_asked" if paper.not_asked_since else ends)
        if patience:
            assert paper.silent_from
            expected = staged.START + (newest + patience) * DAY
            assert abs(paper.silent_from - expected) < timedelta(seconds=1)


def test_nobody_looked_so_nobody_more_is_silent(paces: Layout) -> None:
    silent = [f"{name}-after" for name, (_, _, patience) in sorted(PACES.items()) if patience]
    found = unhealthy(paces, datetime(2040, 1, 1, tzinfo=UTC))
    assert [paper.source_id for paper in found] == silent


# The whole way


@pytest.fixture
def installation(web: Loopback, tmp_path: Path) -> Files:
    """One paper that works and one at whose address nobody listens."""
    web.set_answers("/feed", feed(item(web.set_answers("/a", page("All is well")))))
    feeds = {"gb-good": f"{web.url}/feed", "gb-dead": f"http://127.0.0.1:{dead_port()}/feed"}
    text = "".join(
        f'[[source]]\nid = "{name}"\nname = "{name}"\nlanguage = "en"\ntimezone = "UTC"\n'
        f'feeds = ["{url}"]\nmin_interval_seconds = 0\nallow_private_hosts = true\n'
        for name, url in feeds.items()
    )
    (tmp_path / "sources.toml").write_text(text)
    return {
        "sources_file": str(tmp_path / "sources.toml"),
        "topics_file": str(TOPICS_FILE),
        "data": str(tmp_path / "data"),
    }


def test_the_flow_skips_tells_and_asks_by_name(
    prefect_api: str, installation: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__FAILURES_TO_SKIP", "1")
    path = Path(installation["sources_file"])
    both = path.read_text()
    path.write_text(f"[[source]]{both.rpartition('[[source]]')[2]}")
    with pytest.raises(RunFailed, match=r"every source asked failed \(1\); gb-dead: "):
        ingest(**installation)
    # A run that skips every source is well, and has not done its work.
    state = ingest(**installation, return_state=True)
    done = state.result()
    assert (state.type, state.name) == (StateType.COMPLETED, "Skipped")
    assert (done.failed, done.batches, done.loaded.load_no) == ((), (), None)
    assert "skipped until" in str(list(summary(done).columns[-1].cells))

    path.write_text(both)
    words = options(installation)
    status, out, told = command("ingest", *words)
    assert status == 0
    assert "gb-dead: skipped until" in told
    assert "after 1 failure: robots_unreachable" in " ".join(out.split())
    layout = Layout(Path(installation["data"]))
    ledger = "SELECT count(*) AS runs, count(*) FILTER (source_id = 'gb-dead') AS dead FROM polls"
    assert query(layout, ledger).to_pylist() == [{"runs": 2, "dead": 1}]
    (dead,) = unhealthy(layout, datetime.now(UTC))
    assert (dead.source_id, dead.state, dead.failures_in_a_row) == ("gb-dead", "open", 1)
    assert "connect_failed" in (dead.last_failure_detail or "")
    good, gone = load_sources(path)
    breaker = Breaker(source_health(layout))
    assert (breaker.skip_reason(good), bool(breaker.skip_reason(gone))) == ("", True)

    assert command("ingest", *words, "--only", "gb-dead")[0] == 1
    assert source_health(layout)["gb-dead"].failures_in_a_row == 2

    status, out, _ = command("sources", "health", f"--data={installation['data']}")
    assert status == 0
    assert "open" in out
    assert "healthy" in out
    assert "asked again from" in " ".join(out.split())


def options(files: Files) -> list[str]:
    return [f"--{name.removesuffix('_file')}={path}" for name, path in files.items()]


def test_health_before_the_first_run_says_what_to_do(tmp_path: Path) -> None:
    status, _, told = command("sources", "health", f"--data={tmp_path}")
    assert (status, "presswatch ingest" in told) == (1, True)


def test_a_snapshot_of_an_earlier_version_says_nothing_of_health(polled: Desk) -> None:
    with duckdb.connect(str(polled.layout.current.resolve())) as con:
        con.execute("DROP VIEW source_health")
    assert source_health(polled.layout) == {}
    assert unhealthy(polled.layout, datetime.now(UTC)) == ()
