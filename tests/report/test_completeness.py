"""What people are shown of articles that were not collected: report, run, `sources health`."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser
from rich.console import Console
from typer.testing import CliRunner

from flows.cli.app import app
from flows.runs.ingest_result import Ingested, summary
from tasks.collect.collector import Collected
from tasks.report.charts import attention
from tasks.report.completeness import REASONS, lost_articles, reasons_in_words, rolled_over, warning
from tasks.report.figures import Figures
from tasks.report.heat_maps import coverage
from tasks.report.page import write_report
from tasks.report.run_summary import ledger_page, read_run
from tests.report.test_report import Elements
from tests.support.chromium import chromium
from tests.support.partial_days import (
    DAYS,
    LAST_RUN,
    LOSES,
    OUTAGE,
    PAGES,
    SOURCES,
    WHOLE,
    at,
)
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.read.source_health import SourceHealth, health_in, percent_collected, source_health

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def layout(partial_days: Path) -> Layout:
    return Layout(partial_days)


@pytest.fixture(scope="module")
def health(layout: Layout) -> dict[str, SourceHealth]:
    return source_health(layout)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report") / "report.html"


@pytest.fixture(scope="module")
def figures(layout: Layout, report: Path) -> Figures:
    return write_report(layout, report)


def test_source_health_tells_what_each_source_lost(health: dict[str, SourceHealth]) -> None:
    loses = health[LOSES]
    assert loses.last_rolled_over_at == at(24 * DAYS)
    assert round(loses.estimated_lost or 0) == 3 * 14
    assert loses.completeness == pytest.approx(1 - 3 * 14 / (24 * DAYS + 14), abs=0.01)
    # Neither the first day nor the last: they were read in part, since collecting goes on.
    unobserved = {name: one.days_unobserved for name, one in health.items()}
    assert unobserved == {WHOLE: 0, LOSES: 3, PAGES: 1, OUTAGE: 3}
    assert (health[PAGES].last_rolled_over_at, health[PAGES].estimated_lost) == (None, None)
    assert health[PAGES].losses == "1 of its last 28 days not observed as a whole"
    assert (health[WHOLE].losses, health[WHOLE].completeness) == ("", 1)


def test_the_command_names_the_sources_that_lose_articles_worst_first(layout: Layout) -> None:
    done = CliRunner().invoke(app, ["sources", "health", "--data", str(layout.root)])
    told = " ".join(done.stdout.partition("Not collected as a whole")[2].split())
    assert told.startswith(f"{OUTAGE}: about 44 lost in 28 days (87% complete on 14 of 16 days)")
    assert (
        f"{LOSES}: about 42 lost in 28 days (88% complete on 14 of 16 days); its listing rolled"
        " over last at 2026-03-16 06:00 UTC, after 24 hours in which nothing was polled; 3 of its"
        " last 28 days"
    ) in told
    assert WHOLE not in told


def test_only_a_listing_polled_in_time_has_to_be_polled_more_often(
    layout: Layout, health: dict[str, SourceHealth], tmp_path: Path
) -> None:
    # At an article an hour, ten entries last for less than ten hours.
    assert health[LOSES].hours_unpolled == 24
    assert "poll it" not in health[LOSES].losses
    changed = shutil.copy(layout.current, tmp_path)
    with duckdb.connect(changed) as con:
        con.execute("UPDATE poll_intervals SET interval_minutes = 20 * 60")
        in_time = health_in(con, LOSES)[LOSES]
    assert in_time.hours_unpolled is None
    assert "06:00 UTC, though polled in time: poll it more often if that recurs" in in_time.losses


def test_only_all_of_it_is_a_hundred_percent() -> None:
    assert percent_collected(0.004) == "<1%"
    shown = [percent_collected(value) for value in (1, 0.9999, 0.43993, 0.439, 0.29, 0, None)]
    assert shown == ["100%", "99%", "44%", "44%", "29%", "0%", "–"]


def test_a_run_says_what_came_and_went_since_the_poll_before(layout: Layout) -> None:
    figures = read_run(layout, LAST_RUN)
    listed = {source.id: 10 for source in SOURCES}
    told = "about 14 articles of 1 source came and went unseen between two polls"
    assert lost_articles(figures.ledger) == told
    lines = ledger_page(LAST_RUN, figures, listed, {}).splitlines()
    assert "| source | listed | fetched | new | revised | rejected | lost | seconds |" in lines
    assert f"| {LOSES} | 10 | 5 | 5 | 0 | 0 | about 14 | 0.1 |" in lines
    assert f"| {WHOLE} | 10 | 5 | 5 | 0 | 0 |  | 0.1 |" in lines
    note = "1 listing rolled over: about 14 articles came and went between two polls"
    assert lines[-1] == f"- **{LOSES}**: {note}"
    lost = {row["source_id"]: rolled_over(row) for row in figures.ledger}
    done = Ingested(LAST_RUN, tuple(Collected(source.id) for source in SOURCES), lost=lost)
    shown = Console(file=io.StringIO(), width=200)
    shown.print(summary(done))
    assert isinstance(shown.file, io.StringIO)
    assert shown.file.getvalue().count("rolled over") == 1


def test_the_report_tells_how_complete_each_paper_is(report: Path, figures: Figures) -> None:
    text = " ".join(Elements(report.read_text(encoding="utf-8")).text.split())
    assert (
        "Incomplete : about 93% of the articles that the papers published in this time were"
        f" collected; about 95 missing: {OUTAGE} (44), {LOSES} (42), {PAGES} (9)."
    ) in text
    between = "articles came and went between two polls; last on"
    assert f"{LOSES} 313 42 88% 11 3 0 {between} 15 March 2026" in text
    assert f"{OUTAGE} 293 44 87% 11 2 1 {between} 12 March 2026" in text
    assert f"{PAGES} 332 9 97% 13 1 0 pages could not be collected" in text
    assert f"{WHOLE} 341 0 100% 14 0 0 " in text
    assert all(row["days"] == DAYS for row in figures.collected)


def test_the_last_day_is_no_failure(figures: Figures) -> None:
    states = {(row["source"], row["period"]): row["state"] for row in figures.coverage}
    for source in SOURCES:
        for day in (figures.first_day, figures.last_day):
            assert states[source.id, day] == "first or last day"
    assert sum(state == "first or last day" for state in states.values()) == 2 * len(SOURCES)


def test_the_coverage_chart_gives_the_reasons_in_words(figures: Figures) -> None:
    values = coverage(figures.coverage, "day")["data"]["values"]
    days = {(value["series"], value["from"]): value for value in values}
    assert (
        days[LOSES, "2026-03-07"].items()
        >= {
            "state": "partial",
            "articles": "10",
            "collected": "42%",
            "about lost": "14",
            "failed": "0 pages, 0 listings",
            "hours": "10 of 24 hours",
            "reasons": REASONS["listing_rolled_over"],
        }.items()
    )
    assert days[PAGES, "2026-03-10"]["failed"] == "9 pages, 0 listings"
    assert days[WHOLE, "2026-03-07"]["reasons"] == "–"
    assert days[OUTAGE, "2026-03-11"]["reasons"] == (
        f"{REASONS['no_listing_read']}, {REASONS['listing_rolled_over']}"
    )


def test_periods_with_low_completeness_are_pale(figures: Figures) -> None:
    rows = [row for row in figures.attention if row["topic_id"] == "harvest"]
    values = attention(rows, [], "day")["layer"][0]["data"]["values"]
    states = {value["from"]: value["state"] for value in values}
    # Of the last day, which is not over, it is unknown how much was collected.
    assert [day for day, state in states.items() if state == "part"] == ["2026-03-11", "2026-03-16"]
    # Before the first poll the feeds reach back into this day; nothing of it was collected.
    assert [day for day, state in states.items() if state == "gap"] == ["2026-03-01"]
    assert values[6]["collected"] == "85% of articles, 4 of 4 days of papers"


def test_every_reason_of_coverage_has_words() -> None:
    sql = read_sql("marts")["coverage"]
    reasons = sql.split("list_filter([")[1].split("]")[0].split("'")[1::2]
    assert set(reasons) == set(REASONS)
    assert reasons_in_words(["pages_lost", "of_a_later_version"]).endswith(", of_a_later_version")


def test_days_of_unknown_completeness_are_shown_too() -> None:
    paper = {"source": "a", "completeness": 1.0, "estimated_published": 90.0, "lost": 0.0}
    paper |= {"undated": 0}
    assert warning([paper | {"days": 100, "days_estimated": 96}]) == ""
    told = "How much was collected on 6 of 100 days of papers is not known."
    assert warning([paper | {"days": 100, "days_estimated": 94}]) == told
    unknown = {"completeness": None, "estimated_published": None, "days": 0, "days_estimated": 0}
    assert warning([paper | unknown]) == ""


def test_a_loss_that_nobody_knows_is_not_added_up_as_none() -> None:
    known, unknown = ({"rolled_over": 1, "estimated_lost": lost} for lost in (14.0, None))
    assert lost_articles([known, unknown]) == (
        "about 14 articles of 1 source came and went unseen between two polls, and an unknown"
        " number of 1 other source"
    )
    told = "articles of 1 source may have come and gone unseen between two polls"
    assert lost_articles([unknown]) == told


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.parametrize("width", [1600, 390])
def test_how_it_looks(
    browser: Browser, report: Path, figures: Figures, width: int, tmp_path: Path
) -> None:
    view = browser.new_page(viewport={"width": width, "height": 900})
    view.goto(report.as_uri())
    view.wait_for_selector("html[data-drawn]", timeout=30_000)
    section = view.locator("section[aria-labelledby=coverage]")
    section.locator("summary").click()
    section.screenshot(path=tmp_path / "collected.png")
    assert view.evaluate("document.documentElement.scrollWidth") == width
    legend = section.locator(".role-legend-label text").all_text_contents()
    assert legend == ["observed", "first or last day", "partial", "missing"]
    # Every label of the legend lies within the drawing, and every cell of the table in its row.
    drawing = section.locator("svg").bounding_box()
    assert drawing
    for label in section.locator(".role-legend-label text").all():
        box = label.bounding_box()
        assert box
        assert drawing["x"] <= box["x"]
        assert box["x"] + box["width"] <= drawing["x"] + drawing["width"] + 1
        assert drawing["y"] <= box["y"]
    assert section.locator("td.reason").count() == len(SOURCES)
    days = section.locator("tbody td.optional").first
    assert days.is_visible() == (width == 1600)
    cell = section.locator("svg [role=graphics-symbol][aria-label*='articles came and went']").first
    cell.hover()
    view.wait_for_function(
        "document.querySelector('#vg-tooltip-element')?.innerText.includes('of 24 hours')"
    )
    tooltip = view.locator("#vg-tooltip-element").bounding_box()
    assert tooltip
    assert 0 <= tooltip["x"] <= tooltip["x"] + tooltip["width"] <= width
    view.close()


def test_undated_articles_are_named_where_articles_are_missing() -> None:
    paper = {"source": "a", "estimated_published": 90.0, "days": 9, "days_estimated": 9}
    assert warning([paper | {"completeness": 2 / 3, "lost": 0.0, "undated": 30}]) == (
        "about 67% of the articles that the papers published in this time were collected;"
        " about 30 missing. 30 articles came without a publication date: a (30)."
    )
