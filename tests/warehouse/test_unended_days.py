"""A day that has not ended is no gap, wherever the source is and however often it is read."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tasks.load.load_run import load
from tasks.monitor.alert_settings import AlertSettings, Kind
from tasks.monitor.incidents import find_incidents
from tasks.report.figures import read_figures
from tasks.settings import Settings
from tasks.sources.source import Source
from tests.support.feed_reads import feed_reads
from tests.support.publishing import publish
from tests.support.staged_pages import START, TOPICS, Page, source, stage
from tests.warehouse.test_local_days import NEW_YORK, TOKYO, ask, load_pages
from warehouse.layers.layout import Layout
from warehouse.questions.citation import begun_or_ended
from warehouse.questions.selection import Selection, choices
from warehouse.questions.usual import compare_with_past
from warehouse.read.query import snapshot
from warehouse.read.source_health import source_health

pytestmark = pytest.mark.slow

HOURLY, DAILY = source("gb-hourly", timezone="UTC"), source("gb-daily", timezone="UTC")
FILES = source("gb-files", timezone="UTC")
FEW = source("gb-few", timezone="UTC", expected_daily=(1, 2))
AHEAD = [source(f"gb-ahead-{days}", timezone="UTC") for days in (1, 2)]
GAPS = "SELECT state, first_day, last_day FROM {} WHERE source_id = '{}' ORDER BY first_day"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def gaps(layout: Layout, source_id: str, relation: str = "coverage_gaps") -> list[Any]:
    """The gaps of a source, their days counted from START."""
    first = START.date()
    found = ask(layout, GAPS.format(relation, source_id))
    return [(state, (since - first).days, (to - first).days) for state, since, to in found]


def test_the_evening_before_in_america_is_no_gap(layout: Layout) -> None:
    """At 02:00 UTC it is 21:00 of the day before in New York, and 11:00 of this day in Tokyo."""
    pages = [*feed_reads("us-times", range(93)), *feed_reads("jp-shimbun", range(93))]
    load_pages(layout, [*pages, Page("a", source_id="us-times")], [TOKYO, NEW_YORK])
    for source_id in ("us-times", "jp-shimbun"):
        for relation in ("coverage_gaps", "coverage_gaps_local"):
            assert gaps(layout, source_id, relation) == []


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """At 07:00 of the fifth day: a paper that is read at 18:00, two with articles dated ahead,
    and one with more articles than expected. No test changes it.
    """
    layout = Layout(tmp_path_factory.mktemp("morning") / "data")
    pages = [
        *feed_reads(FEW.id, range(98)),
        *(Page(f"{day}-a", day=day, hour=24.0 * day, source_id=FEW.id) for day in range(4)),
        *(Page(f"4-{slug}", day=4, hour=97, source_id=FEW.id) for slug in "abc"),
        *feed_reads(HOURLY.id, range(98)),
        *feed_reads(DAILY.id, range(12, 98, 24)),
        Page("a", source_id=DAILY.id),
    ]
    for days, ahead in enumerate(AHEAD, 1):
        pages += [
            *feed_reads(ahead.id, range(98)),
            Page("a", source_id=ahead.id),
            Page("ahead", day=4 + days, hour=97, source_id=ahead.id),
        ]
    load_pages(layout, pages, [HOURLY, DAILY, FEW, *AHEAD])
    return layout


def test_a_day_before_its_first_read_is_no_gap(morning: Layout) -> None:
    """The paper was last read on the fourth day."""
    assert gaps(morning, DAILY.id) == gaps(morning, DAILY.id, "coverage_gaps_local") == []


@pytest.mark.parametrize("days_ahead", [1, 2])
def test_an_article_dated_ahead_makes_no_gap_of_today(morning: Layout, days_ahead: int) -> None:
    of_paper = f"WHERE source_id = 'gb-ahead-{days_ahead}'"
    [(last_day,)] = ask(morning, f"SELECT max(day) FROM coverage {of_paper}")
    assert last_day == START.date() + timedelta(days=4 + days_ahead)
    assert gaps(morning, f"gb-ahead-{days_ahead}") == []
    assert ask(morning, f"SELECT days_unobserved FROM source_health {of_paper}") == [(0,)]


def test_the_report_s_seven_days_are_those_of_the_overview(morning: Layout) -> None:
    """They end with the last whole day, not with an article that is dated ahead."""
    figures = read_figures(morning)
    days = [(day - START.date()).days for day in (figures.last_whole_day, figures.last_day)]
    assert days == [3, 6]
    with snapshot(morning) as con:
        week = compare_with_past(con, "week", figures.last_whole_day)
    late = {row["topic_id"]: row["late"] for row in figures.topics}
    assert late["harvest"]["articles"] == week["harvest"]["articles"] == 7
    for name in ("hits", "share", "low", "high"):
        assert late["harvest"][name] == week["harvest"][name]


def test_a_day_that_is_going_on_may_have_more_than_expected(morning: Layout) -> None:
    of_paper = f"WHERE source_id = '{FEW.id}'"
    today = START.date() + timedelta(days=4)
    [(reasons,)] = ask(morning, f"SELECT reasons FROM coverage {of_paper} AND day = '{today}'")
    assert reasons == ["partly_read", "above_expected_high"]
    assert gaps(morning, FEW.id) == []
    assert ask(morning, f"SELECT days_unobserved FROM source_health {of_paper}") == [(0,)]


@pytest.mark.parametrize("is_local", [False, True])
def test_an_article_dated_ahead_ends_no_other_source(morning: Layout, is_local: bool) -> None:
    with snapshot(morning) as con:
        known = choices(con, is_local=is_local)
        assert known.first_day
        assert known.last_day
        selection = Selection(known.first_day, known.last_day, is_local=is_local)
        assert begun_or_ended(con, selection, known) == ""


@pytest.fixture(scope="module")
def not_asked(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Papers that were last read on the fourth day; another one until 05:00 of the ninth.

    A fourth was never asked: it has saved files. No test changes it.
    """
    layout = Layout(tmp_path_factory.mktemp("not-asked") / "data")
    pages = [*feed_reads(HOURLY.id, range(24 * 8))]
    for paper in (DAILY, AHEAD[0]):
        pages += [*feed_reads(paper.id, range(12, 97, 24)), Page("a", source_id=paper.id)]
    ahead = Page("ahead", day=5, hour=84, source_id=AHEAD[0].id)
    files = [Page(f"file-{day}", day=day, kind="file", source_id=FILES.id) for day in range(3)]
    load_pages(layout, [*pages, ahead, *files], [HOURLY, DAILY, AHEAD[0], FILES])
    return layout


def states(layout: Layout, source_id: str, relation: str = "coverage") -> dict[int, str]:
    """The states of a source's days, counted from START."""
    rows = ask(layout, f"SELECT day, state FROM {relation} WHERE source_id = '{source_id}'")
    return {(day - START.date()).days: state for day, state in rows}


@pytest.mark.parametrize("local", ["", "_local"])
def test_a_source_that_is_asked_no_more_is_missing_on_each_day_since(
    not_asked: Layout, local: str
) -> None:
    found = states(not_asked, DAILY.id, f"coverage{local}")
    assert {day: state for day, state in found.items() if day > 3} == dict.fromkeys(
        range(4, 8), "missing"
    )
    weeks = ask(
        not_asked,
        f"SELECT days_missing FROM topic_weekly{local}"
        f" WHERE topic_id = 'harvest' AND source_id = '{DAILY.id}' AND period > '2026-02-28'"
        " ORDER BY period",
    )
    assert weeks == [(3,), (1,)]
    # Nobody stopped asking for saved files: no day is missing after them.
    assert max(states(not_asked, FILES.id, f"coverage{local}")) == 2
    assert gaps(not_asked, FILES.id, f"coverage_gaps{local}") == [("partial", 0, 2)]


def test_every_answer_says_that_a_source_is_asked_no_more(not_asked: Layout) -> None:
    told = Tools(Snapshots(not_asked), is_local=True).usual("day")["coverage"]
    assert told["last_day"] == START.date() + timedelta(days=7)
    assert (told["source_days_collected"], told["source_days"]) == (1, 3)
    assert DAILY.id in {gap["source_id"] for gap in told["gaps_of_sources"]}


@pytest.mark.parametrize("is_local", [False, True])
def test_reports_show_the_days_since_as_missing(not_asked: Layout, is_local: bool) -> None:
    """Not as a last day that has not ended; nor is the day of the last read a gap."""
    figures = read_figures(not_asked, is_local=is_local)
    shown = {
        (row["period"] - START.date()).days: row["state"]
        for row in figures.coverage
        if row["source"] == DAILY.id
    }
    expected = {3: "first or last day"} | dict.fromkeys(range(4, 8), "missing")
    assert {day: state for day, state in shown.items() if day > 2} == expected
    (row,) = (row for row in figures.collected if row["source"] == DAILY.id)
    assert (row["days_missing"], row["main_reason"]) == (4, "no_listing_read")


def test_a_source_ends_with_its_calendar(not_asked: Layout) -> None:
    """Not with its last read: a source that nobody asks has days, which are missing."""
    with snapshot(not_asked) as con:
        known = choices(con)
        assert known.first_day
        assert known.last_day
        selection = Selection(known.first_day, known.last_day)
        assert begun_or_ended(con, selection, known) == "gb-files: to 4 March 2026"


def test_health_names_a_source_that_is_asked_no_more(not_asked: Layout) -> None:
    health = source_health(not_asked)
    assert {name: health[name].state for name in (HOURLY.id, DAILY.id, FILES.id)} == {
        HOURLY.id: "healthy",
        DAILY.id: "not_asked",
        FILES.id: "files_only",
    }
    assert "not asked since 2026-03-05 18:00 UTC" in health[DAILY.id].why
    found = find_incidents(not_asked, AlertSettings(), START + timedelta(days=8))
    named = {each.about for each in found.incidents if each.kind is Kind.SOURCE_NOT_ASKED}
    assert named == {DAILY.id, AHEAD[0].id}
    page = TestClient(create_app(not_asked, Settings(data=not_asked.root)), "http://127.0.0.1")
    assert page.get("/sources").text.count(">no longer asked<") == 2


def test_days_since_are_missing_while_a_source_is_configured(layout: Layout) -> None:
    """They come with each load in which others are asked, and go with the source's entry."""
    both = [HOURLY, DAILY]
    pages = [*feed_reads(HOURLY.id, range(84)), *feed_reads(DAILY.id, range(84))]
    load_pages(layout, [*pages, Page("a", source_id=DAILY.id)], both)
    assert max(states(layout, DAILY.id)) == 3
    later = stage(layout, "20260313T060000Z-000000", feed_reads(HOURLY.id, range(84, 9 * 24)))
    load(layout, TOPICS, both, [later])
    publish(layout)
    assert max(states(layout, DAILY.id)) == max(states(layout, DAILY.id, "coverage_local")) == 8
    for configured, last in (([HOURLY], 3), (both, 8)):
        load(layout, TOPICS, configured)
        publish(layout)
        assert max(states(layout, DAILY.id)) == last
        assert max(states(layout, DAILY.id, "coverage_local")) == last


@pytest.mark.parametrize(("paper", "seen"), [(DAILY, {}), (AHEAD[0], {5: "partial"})])
def test_a_source_that_is_asked_no_more_has_a_gap_to_the_last_day_that_ended(
    not_asked: Layout, paper: Source, seen: dict[int, str]
) -> None:
    days = {
        day: state
        for state, first, last in gaps(not_asked, paper.id)
        for day in range(first, last + 1)
    }
    assert days == dict.fromkeys(range(4, 8), "missing") | seen
    assert max(last for _, _, last in gaps(not_asked, paper.id, "coverage_gaps_local")) == 7


@pytest.fixture(scope="module")
def sunday(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """At 20:00 UTC of a Sunday it is Monday, 05:00, in Tokyo, and 15:00 in New York.

    An article of New York is dated ahead. No test changes it.
    """
    layout = Layout(tmp_path_factory.mktemp("sunday") / "data")
    pages = [
        page
        for each in (TOKYO, NEW_YORK)
        for page in (*feed_reads(each.id, range(159)), Page("a", day=2, source_id=each.id))
    ]
    ahead = Page("ahead", "Nothing.", day=8, hour=157, source_id=NEW_YORK.id)
    load_pages(layout, [*pages, ahead], [TOKYO, NEW_YORK])
    return layout


def test_the_last_whole_day_has_ended_for_all_sources(sunday: Layout) -> None:
    for is_local in (True, False):
        with snapshot(sunday) as con:
            known = choices(con, is_local=is_local)
        assert known.last_day == START.date() + timedelta(days=8)
        assert known.last_whole_day == START.date() + timedelta(days=5)
        asked = Tools(Snapshots(sunday), is_local=is_local).usual("day")
        assert asked["coverage"]["last_day"] == known.last_whole_day


def test_a_week_that_has_begun_for_some_leaves_no_source_out(sunday: Layout) -> None:
    """New York was collected in every week."""
    desk = TestClient(create_app(sunday, Settings(data=sunday.root)), "http://127.0.0.1")
    given = {"topic": "harvest", "from": "2026-03-03", "unit": "week", "panel": "yes"}
    page = desk.get("/export/parts.csv", params=given | {"by": "source"}).text
    assert [row["part"] for row in csv.DictReader(page.splitlines()) if row["hits"] == "1"] == [
        TOKYO.id,
        NEW_YORK.id,
    ]
    # A part of these days has the same sources.
    part = given | {"to": "2026-03-04", "panel": "2026-03-03..2026-03-09"}
    assert "2 articles" in desk.get("/articles", params=part).text
