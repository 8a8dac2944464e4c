"""Sources that fail again and again, or fall silent: what runs do, what `source_health` says."""

import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.ingest import ingest
from flows.runs.ingest_result import summary
from tasks.collect.circuit_breaker import Breaker
from tasks.collect.collector import FAILURES_IN_A_ROW, Collected, Collector
from tasks.collect.fetch import Client
from tasks.load.load_run import load, rebuild_warehouse
from tasks.process_pool import PagePool
from tasks.settings import Limits
from tasks.sources.source import Source, load_sources
from tests.cli.test_command import command
from tests.collect.test_collect import feed, fetched, item, page, saved, source
from tests.collect.test_recheck import START
from tests.collect.test_recheck import Desk as AnyDesk
from tests.support import staged_pages as staged
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

    def run(self, after: timedelta, *sources: Source, named: bool = False) -> list[Collected]:
        """Collect and load as if it were so long after the start."""
        (collected,) = self.runs([after], *sources, named=named)
        return collected

    def runs(
        self, times: Sequence[timedelta], *sources: Source, named: bool = False
    ) -> list[list[Collected]]:
        """Collect at these times, and load all of it at once: for runs that skip nothing yet."""
        health = {} if named else source_health(self.layout)
        found = {after: self._collected(after, health, sources) for after in times}
        if any(each.warc for collected in found.values() for each in collected):
            self.load_runs(found, sources)
        return list(found.values())

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
def desk(tmp_path: Path, pool: PagePool) -> Desk:
    return Desk(tmp_path / "data", pool)


def hours(paper: SourceHealth) -> float:
    """When the paper is asked again, in hours after the start."""
    assert paper.open_until
    return (paper.open_until - START) / HOUR


def dead_port() -> int:
    """A port of loopback at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def fail(desk: Desk, *sources: Source, times: int = 3) -> None:
    """Let the sources fail in so many runs, an hour apart."""
    for collected in desk.runs([hour * HOUR for hour in range(times)], *sources):
        assert all(each.error for each in collected)


def test_a_source_that_fails_is_skipped_for_growing_periods(web: Loopback, desk: Desk) -> None:
    one = source(feeds=(web.say("/feed", DOWN),))
    fail(desk, one)
    assert len(fetched(web)) == 3 * 2  # as often as the settings allow
    asked = {}
    for hour in (3, 4, 5, 8, 9, 16, 17, 32, 33, 56, 57, 58):
        web.hits.clear()
        (collected,) = desk.run(hour * HOUR, one)
        if web.hits:
            asked[hour] = len(fetched(web))
            assert (bool(collected.error), collected.skipped) == (True, "")
        else:
            assert (collected.error, collected.warc) == ("", None)
    # One request each time.
    assert asked == {3: 1, 5: 1, 9: 1, 17: 1, 33: 1, 57: 1}
    assert (desk.health(one).failures_in_a_row, hours(desk.health(one))) == (9, 57 + 24)
    assert desk.health(one).last_failure_outcome == "server_error"
    assert "503" in (desk.health(one).last_failure_detail or "")

    web.say("/feed", feed(item(web.say("/a", page("All is well")))))
    (skipped,) = desk.run(80 * HOUR, one)
    assert skipped.skipped.startswith(
        "skipped until 15:00 UTC after 9 failures: server_error: http://127.0.0.1"
    )
    (back,) = desk.run(81 * HOUR, one)
    assert back.outcomes == {"fetched": 1, "listed": 1}
    well = desk.health(one)
    assert (well.state, well.failures_in_a_row, well.open_until) == ("healthy", 0, None)
    assert well.last_success_at == well.last_new_article_at == START + 81 * HOUR
    assert well.last_failure_at == START + 57 * HOUR
    web.say("/feed", DOWN)
    assert desk.run(82 * HOUR, one)[0].error
    assert (desk.health(one).state, desk.health(one).open_until) == ("failing", None)


def test_until_tomorrow_is_told_with_its_day(web: Loopback, desk: Desk) -> None:
    one = source(feeds=(web.say("/feed", DOWN),))
    desk.runs([hour * HOUR for hour in (13, 14, 15)], one)  # the start is at six
    desk.run(16 * HOUR, one)
    assert desk.run(16.5 * HOUR, one)[0].skipped.startswith("skipped until 4 Mar 00:00 UTC after 4")


def test_skipped_days_are_missing_and_never_zero(web: Loopback, desk: Desk) -> None:
    listed = feed(item(web.say("/a", page("All is well")), format_datetime(START)))
    one = source(feeds=(web.say("/feed", listed, DOWN),))
    # The runs that would ask it, in one load.
    desk.runs([hour * HOUR for hour in (0, 15, 16, 17, 18, 20, 24, 32)], one)
    assert desk.run(47 * HOUR, one)[0].skipped
    assert desk.run(48 * HOUR, one)[0].error
    assert desk.run(71 * HOUR, one)[0].skipped
    web.say("/feed", feed())
    desk.run(72 * HOUR, one)
    states = desk.ask("SELECT state, reasons FROM coverage ORDER BY day")
    missing = ("missing", ["listings_failed", "no_listing_read"])
    assert [(state, sorted(reasons)) for state, reasons in states] == [
        ("partial", ["partly_read"]),
        *[missing] * 2,
        ("partial", ["partly_read"]),
    ]
    told = "SELECT articles, share FROM topic_daily WHERE topic_id = 'summit' ORDER BY day"
    assert desk.ask(told) == [(1, 0.0), *[(None, None)] * 2, (0, None)]


def test_one_listing_decides_and_another_one_each_time(web: Loopback, desk: Desk) -> None:
    paths = ("/one", "/two", "/three")
    one = source(feeds=tuple(web.say(path, DOWN) for path in paths))
    fail(desk, one)
    asked = []
    for hour in (3, 5, 9):
        web.hits.clear()
        desk.run(hour * HOUR, one)
        asked.append(fetched(web))
    assert asked == [["/one"], ["/two"], ["/three"]]
    web.say("/one", feed(item(web.say("/a", page("All is well")))))
    web.hits.clear()
    (back,) = desk.run(17 * HOUR, one)
    # Once one was read, the others are asked as ever.
    assert fetched(web) == ["/one", "/two", "/two", "/three", "/three", "/a"]
    assert back.error == ""
    assert desk.health(one).failures_in_a_row == 0


def test_a_source_of_whose_listings_one_is_read_is_never_skipped(web: Loopback, desk: Desk) -> None:
    gone = web.say("/gone", http(b"", "404 Not Found"))
    one = source(feeds=(gone, web.say("/feed", feed())))
    desk.runs([hour * HOUR for hour in range(3)], one)
    collected = desk.asks(3 * HOUR, one)
    assert (collected.error, collected.skipped) == ("", "")
    paper = desk.health(one)
    assert (paper.failures_in_a_row, paper.open_until, paper.unread_listings) == (0, None, [gone])
    assert paper.last_failure_at is None


def test_a_source_asked_for_by_name_is_asked_in_any_case(web: Loopback, desk: Desk) -> None:
    one = source(feeds=(web.say("/feed", DOWN),))
    fail(desk, one)
    web.hits.clear()
    (named,) = desk.run(2.5 * HOUR, one, named=True)
    assert (len(fetched(web)), named.skipped) == (2, "")
    web.say("/feed", feed())
    assert desk.run(2.6 * HOUR, one, named=True)[0].error == ""
    assert desk.asks(2.7 * HOUR, one).skipped == ""


def test_a_source_with_another_address_is_asked_at_once(web: Loopback, desk: Desk) -> None:
    old = web.say("/old", DOWN)
    fail(desk, source(feeds=(old,)))
    assert desk.run(2.5 * HOUR, source(feeds=(old,)))[0].skipped
    moved = source(feeds=(old, web.say("/new", feed())))
    collected = desk.asks(2.6 * HOUR, moved)
    assert (collected.error, collected.skipped, collected.outcomes["listed"]) == ("", "", 1)


def test_pages_that_bring_no_answer_any_more_are_a_failure(web: Loopback, desk: Desk) -> None:
    def said(count: int) -> Source:
        bad = [web.say(f"/bad-{n}", DOWN) for n in range(count)]
        good = web.say("/good", page("All is well"))
        return source(feeds=(web.say("/feed", feed(*map(item, [*bad, good]))),))

    one = said(FAILURES_IN_A_ROW - 1)
    desk.run(0 * HOUR, one)
    assert desk.health(one).failures_in_a_row == 0
    said(FAILURES_IN_A_ROW + 3)
    for (collected,) in desk.runs([1 * HOUR, 2 * HOUR, 3 * HOUR], one):
        assert collected.error == ""
    paper = desk.health(one)
    assert (paper.failures_in_a_row, paper.last_failure_outcome) == (3, "server_error")
    assert paper.last_success_at == START + 3 * HOUR
    assert desk.run(3.5 * HOUR, one)[0].skipped
    ended = "SELECT ended FROM polls ORDER BY sequence"
    assert desk.ask(ended) == [("read",), *[("fell_silent",)] * 3]


def test_where_nobody_answers_the_papers_are_not_blamed(web: Loopback, desk: Desk) -> None:
    names = ("gb-a", "gb-b", "gb-c")
    desk.run(0 * HOUR, *(source(name, feeds=(web.say(f"/{name}", feed()),)) for name in names))
    nowhere = f"http://127.0.0.1:{dead_port()}/feed"
    papers = [source(name, feeds=(nowhere,)) for name in names]
    for collected in desk.runs([hour * HOUR for hour in (1, 2, 3, 4)], *papers):
        assert all(each.error for each in collected)
    assert {paper.state for paper in source_health(desk.layout).values()} == {"cut_off"}
    assert [desk.health(one).failures_in_a_row for one in papers] == [0, 0, 0]
    # One that answers, if only with an error, shows that the line is up.
    papers[2] = source("gb-c", feeds=(web.say("/feed", DOWN),))
    desk.runs([hour * HOUR for hour in (5, 6, 7)], *papers)
    assert [desk.health(one).failures_in_a_row for one in papers] == [3, 3, 3]
    assert "connect_failed" in (desk.health(papers[0]).last_failure_detail or "")
    # Now none of them is known to be well, so that nobody else can be blamed.
    dead = [source(name, feeds=(nowhere,)) for name in names]
    desk.run(20 * HOUR, *dead)
    assert [desk.health(one).failures_in_a_row for one in dead] == [4, 4, 4]
    before = desk.ask("FROM polls ORDER BY ALL")
    rebuild_warehouse(desk.layout, TOPICS, dead)
    assert desk.ask("FROM polls ORDER BY ALL") == before


def test_saved_files_are_taken_in_while_the_listings_are_skipped(
    web: Loopback, desk: Desk, tmp_path: Path
) -> None:
    files = saved(tmp_path / "saved", {})
    one = source(feeds=(web.say("/feed", DOWN),), files=files.files)
    fail(desk, one)
    (tmp_path / "saved" / "a.txt").write_text("Ferry stops\n\n" + "The skippers came. " * 40)
    web.hits.clear()
    (collected,) = desk.run(2.5 * HOUR, one)
    assert (collected.outcomes, web.hits) == ({"fetched": 1}, [])
    assert collected.skipped
    assert desk.health(one).failures_in_a_row == 3


def test_a_source_of_saved_files_alone_is_never_skipped(desk: Desk, tmp_path: Path) -> None:
    one = saved(tmp_path / "saved", {"bad.html.gz": "no gzip"})
    for hour in range(5):
        (collected,) = desk.run(hour * HOUR, one)
        assert collected.skipped == ""
    paper = desk.health(one)
    assert (paper.state, paper.failures_in_a_row, paper.is_silent) == ("files_only", 0, False)


def test_a_failure_in_the_future_holds_nothing_up(web: Loopback, desk: Desk) -> None:
    one = source(feeds=(web.say("/feed", DOWN),))
    # Of a clock that is twenty years fast.
    desk.runs([hour * HOUR + 20 * 365 * DAY for hour in range(3)], one)
    assert desk.health(one).state == "failing"
    web.say("/feed", feed())
    assert desk.run(0 * HOUR, one)[0].skipped == ""
    assert desk.health(one).state == "healthy"


def test_the_rule_is_that_of_the_settings(web: Loopback, desk: Desk) -> None:
    one = source(feeds=(web.say("/feed", DOWN),))
    fail(desk, one)
    assert hours(desk.health(one)) == 3
    given = {"failures_to_skip": 2, "first_skip": "90m", "longest_skip": "2h"}
    limits = Limits.model_validate(given)
    assert load(desk.layout, TOPICS, [one], limits=limits).load_no
    publish(desk.layout)
    assert hours(desk.health(one)) == 2 + 2
    assert load(desk.layout, TOPICS, [one], limits=limits).load_no is None
    assert load(desk.layout, TOPICS, [one]).load_no is None
    rule = "SELECT opens_after, epoch(first_pause), epoch(longest_pause) FROM breaker"
    assert desk.ask(rule) == [(2, 5400.0, 7200.0)]
    before = source_health(desk.layout)
    rebuild_warehouse(desk.layout, TOPICS, [one], limits=limits)
    assert source_health(desk.layout) == before


# A paper that brings nothing new. Staged, so that weeks cost nothing.

EXPECTING = staged.source(expected_daily=(1, 50))


def weeks(layout: Layout, days: list[float], polled_on: float) -> None:
    """Articles that came on these days after the start, and a last look at the listing."""
    looked = listing(hour=24 * polled_on)
    run = stage(layout, "20260302T060000Z-aaaaaa", [*articles(days), looked])
    load(layout, TOPICS, [EXPECTING], [run])
    publish(layout)


def articles(days: list[float], source_id: str = "gb-post") -> list[Page]:
    return [
        Page(
            *(f"{source_id}-{n}", "The board met. " * 50 + str(n)),
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
PACES: dict[str, tuple[list[float], int | None, float | None]] = {
    # Days with articles, how many are expected a day at least, days of patience.
    "gb-daily": ([day + part for day in range(35) for part in (0.1, 0.4)], 1, 1.05),  # 0.7 by night
    "gb-workdays": (WORKDAYS, 1, 1.5 * 2.7),  # from Friday 0.4 to Monday 0.1
    "gb-twice-a-week": (TWICE_A_WEEK, 0, 1.5 * 4),
    "gb-new": ([0.0, 1.0, 2.0], 1, 4),
    "gb-new-and-rare": ([0.0, 1.0, 2.0], 0, None),
    "gb-nothing-expected": (WORKDAYS, None, None),
}


@pytest.fixture(scope="module")
def paces(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, SourceHealth]:
    """Papers of all paces, last looked at just before and just after their patience ends."""
    papers: list[Source] = []
    pages: list[Page] = []
    for name, (days, low, patience) in PACES.items():
        for end, wait in (("before", 0.98), ("after", 1.02)):
            paper = f"{name}-{end}"
            papers.append(staged.source(paper, expected_daily=None if low is None else (low, 50)))
            last = max(days) + (patience or 99) * wait
            pages += [*articles(days, paper), listing(paper, hour=24 * last)]
    layout = Layout(tmp_path_factory.mktemp("paces"))
    load(layout, TOPICS, papers, [stage(layout, "20260302T060000Z-aaaaaa", pages)])
    publish(layout)
    return source_health(layout)


@pytest.mark.parametrize("name", PACES)
def test_a_paper_is_silent_when_it_pauses_longer_than_it_ever_does(
    paces: Mapping[str, SourceHealth], name: str
) -> None:
    days, _, patience = PACES[name]
    newest = max(days)
    for end, is_silent in (("before", False), ("after", True)):
        paper = paces[f"{name}-{end}"]
        assert paper.is_silent == (is_silent and patience is not None)
        assert paper.silent_since == (staged.START + newest * DAY if paper.is_silent else None)
        assert paper.state == ("silent" if paper.is_silent else "healthy")
        if patience:
            assert paper.silent_from
            expected = staged.START + (newest + patience) * DAY
            assert abs(paper.silent_from - expected) < timedelta(seconds=1)


def test_two_outages_do_not_teach_patience(tmp_path: Path) -> None:
    daily = [day + part for day in range(56) for part in (0.1, 0.4)]
    held = [day for day in daily if not (10 < day < 19 or 30 < day < 36)]
    weeks(Layout(tmp_path), held, 57.5)
    assert source_health(Layout(tmp_path))["gb-post"].is_silent


def test_a_paper_without_any_article_is_silent_after_four_days(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    looks = [
        stage(layout, f"2026030{number}T060000Z-aaaaaa", [listing(hour=hour)])
        for number, hour in enumerate((0, 24 * 3.9, 24 * 4.1))
    ]
    for runs, is_silent in ((looks[:2], False), (looks[2:], True)):
        load(layout, TOPICS, [EXPECTING], runs)
        publish(layout)
        assert source_health(layout)["gb-post"].is_silent == is_silent
    assert [one.source_id for one in unhealthy(layout, datetime.now(UTC))] == ["gb-post"]


def test_nobody_looked_so_nobody_is_silent(tmp_path: Path) -> None:
    weeks(Layout(tmp_path), WORKDAYS, max(WORKDAYS))
    assert unhealthy(Layout(tmp_path), datetime(2040, 1, 1, tzinfo=UTC)) == ()


def test_the_unhealthy_are_listed_as_of_a_time(web: Loopback, desk: Desk) -> None:
    assert unhealthy(desk.layout, START) == ()
    one = source(feeds=(web.say("/feed", DOWN),))
    other = source("de-blatt", feeds=(web.say("/other", feed()),))
    desk.runs([hour * HOUR for hour in range(3)], one, other)
    for after, listed in ((2.5, ["gb-post"]), (3.5, [])):
        found = unhealthy(desk.layout, START + after * HOUR)
        assert [paper.source_id for paper in found] == listed
    assert desk.health(one).why.endswith("status 503; asked again from 2025-03-03 09:00 UTC on")
    assert desk.health(other).why == ""
    load(desk.layout, TOPICS, [other])
    publish(desk.layout)
    assert unhealthy(desk.layout, START + 2.5 * HOUR) == ()
    assert desk.health(one).state == "retired"


# The whole way


@pytest.fixture
def installation(web: Loopback, tmp_path: Path) -> Files:
    """One paper that works and one at whose address nobody listens."""
    web.say("/feed", feed(item(web.say("/a", page("All is well")))))
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
    monkeypatch.setenv("PRESSWATCH_LIMITS__FAILURES_TO_SKIP", "2")
    for _ in range(2):
        assert [one.source_id for one in ingest(**installation).failed] == ["gb-dead"]
    words = options(installation)
    status, out, told = command("ingest", *words)
    assert status == 0
    assert "gb-dead: skipped until" in told
    assert "after 2 failures: robots_unreachable" in " ".join(out.split())
    layout = Layout(Path(installation["data"]))
    ledger = "SELECT count(*) AS runs, count(*) FILTER (source_id = 'gb-dead') AS dead FROM polls"
    assert query(layout, ledger).to_pylist() == [{"runs": 5, "dead": 2}]
    (dead,) = unhealthy(layout, datetime.now(UTC))
    assert (dead.source_id, dead.state, dead.failures_in_a_row) == ("gb-dead", "open", 2)
    assert "connect_failed" in (dead.last_failure_detail or "")
    good, gone = load_sources(Path(installation["sources_file"]))
    breaker = Breaker(source_health(layout))
    assert (breaker.skip_reason(good), bool(breaker.skip_reason(gone))) == ("", True)

    assert command("ingest", *words, "--only", "gb-dead")[0] == 1
    assert source_health(layout)["gb-dead"].failures_in_a_row == 3

    status, out, _ = command("sources", "health", f"--data={installation['data']}")
    assert status == 0
    assert "open" in out
    assert "healthy" in out
    assert "asked again from" in " ".join(out.split())


def options(files: Files) -> list[str]:
    return [f"--{name.removesuffix('_file')}={path}" for name, path in files.items()]


def test_a_run_that_skips_every_source_is_well(
    prefect_api: str, installation: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__FAILURES_TO_SKIP", "1")
    path = Path(installation["sources_file"])
    _, dead = path.read_text().split("[[source]]\n")[1:]
    path.write_text("[[source]]\n" + dead)
    words = options(installation)
    assert command("ingest", *words)[0] == 1
    done = ingest(**installation)
    assert (done.failed, done.batches, done.loaded.load_no) == ((), (), None)
    assert "skipped until" in str(list(summary(done).columns[-1].cells))


def test_health_before_the_first_run_says_what_to_do(tmp_path: Path) -> None:
    status, _, told = command("sources", "health", f"--data={tmp_path}")
    assert (status, "presswatch ingest" in told) == (1, True)


def test_a_snapshot_of_an_earlier_version_says_nothing_of_health(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    load(layout, TOPICS, staged.SOURCES, [stage(layout, "20260302T060000Z-00000a", [listing()])])
    publish(layout)
    with duckdb.connect(str(layout.current.resolve())) as con:
        con.execute("DROP VIEW source_health")
    assert source_health(layout) == {}
    assert unhealthy(layout, datetime.now(UTC)) == ()
