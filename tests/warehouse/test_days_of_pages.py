"""The day that a page without a dated article belongs to, and what that makes of its day."""

from pathlib import Path
from typing import Any

import pytest

from tasks.load.load_run import load
from tasks.report import outside_calendars, read_run
from tests.support.feed_reads import feed_reads
from tests.support.publishing import publish
from tests.support.staged_pages import START, TOPICS, Page, source, stage
from tests.warehouse.test_local_days import RUN, ask, load_pages
from warehouse.layers.layout import Layout
from warehouse.questions.citation import missing
from warehouse.questions.selection import Selection, choices
from warehouse.questions.series import series
from warehouse.read.query import snapshot
from warehouse.read.source_health import source_health

pytestmark = pytest.mark.slow

FILES, POLLED = source("gb-files", timezone="UTC"), source("gb-polled", timezone="UTC")
LATER = 24.0 * 200  # hours after START
LOCAL = pytest.mark.parametrize("local", ["", "_local"])


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def days(layout: Layout, columns: str, source_id: str, local: str = "") -> dict[int, Any]:
    """By day after START."""
    of_source = f"FROM coverage{local} WHERE source_id = '{source_id}'"
    rows = ask(layout, f"SELECT day, {columns} {of_source}")
    return {(row[0] - START.date()).days: row[1:] for row in rows}


def saved(slug: str, day: int | None, outcome: str = "article", **about: Any) -> Page:
    return Page(slug, slug, day, LATER, FILES.id, outcome=outcome, kind="file", **about)


@LOCAL
def test_a_rejected_saved_file_is_of_no_day(layout: Layout, local: str) -> None:
    """That a file was read today does not say when its page was published."""
    articles = [saved(f"dated-{day}", day) for day in range(4)]
    rejected = [saved("front", None, "section_page"), saved("broken", None, "unreadable_file")]
    load_pages(layout, [*articles, *rejected], [FILES])
    observed = dict.fromkeys(range(4), (1, 0, "observed"))
    assert days(layout, "extracted, failed, state", FILES.id, local) == observed
    lost = "SELECT count(*), count(day), count(day_local) FROM pages WHERE is_lost"
    assert ask(layout, lost) == [(1, 0, 0)]
    assert ask(layout, "SELECT count(*) FROM rejections WHERE source_id = 'gb-files'") == [(2,)]


@LOCAL
def test_a_rejected_saved_file_with_a_given_date_is_of_that_day(layout: Layout, local: str) -> None:
    articles = [saved(f"dated-{day}", day) for day in range(4)]
    load_pages(layout, [*articles, saved("broken", 2, "unreadable_file")], [FILES])
    found = days(layout, "failed, reasons, state", FILES.id, local)
    assert found[2] == (1, ["pages_lost"], "partial")
    assert set(found) == set(range(4))


@LOCAL
def test_a_saved_file_takes_no_page_from_a_day_of_polls(layout: Layout, local: str) -> None:
    reads = [*feed_reads(POLLED.id, range(72))]
    articles = [Page(f"a-{day}", f"a{day}", day, 24.0 * day + 1, POLLED.id) for day in range(3)]
    broken = Page("b", "", None, 26, POLLED.id, outcome="unreadable_file", kind="file")
    load_pages(layout, [*reads, *articles, broken], [POLLED])
    assert days(layout, "failed, state", POLLED.id, local)[1] == (0, "observed")


@LOCAL
@pytest.mark.parametrize("origin", ["wayback", "warc"])
def test_a_rejected_page_of_an_archive_is_of_no_day(
    layout: Layout, origin: str, local: str
) -> None:
    """That somebody captured a page on a day says as little."""
    archived: dict[str, Any] = {"source_id": FILES.id, "obtained_from": origin}
    pages = [Page(f"a-{day}", f"a{day}", day, LATER, **archived) for day in range(5)]
    front = Page("front", "", None, 24 * 20, outcome="no_article", **archived)
    load_pages(layout, [*pages, front], [FILES])
    assert set(days(layout, "state", FILES.id, local)) == set(range(5))


def undated(slug: str, hour: float, **about: Any) -> Page:
    return Page(slug, f"The harvest of {slug}.", None, hour, **{"source_id": POLLED.id, **about})


@pytest.fixture(scope="module")
def half_dated(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Four days of hourly reads: of two articles, a dated one, undated ones, of none."""
    layout = Layout(tmp_path_factory.mktemp("half-dated") / "data")
    pages = [
        *feed_reads(POLLED.id, range(96)),
        Page("a", "One.", 0, 1, POLLED.id),
        Page("b", "Two.", 0, 2, POLLED.id),
        Page("c", "Three.", 1, 25, POLLED.id),
        undated("d", 26),
        # The same page again, and another address of it.
        undated("d", 27),
        undated("d?utm=1", 28, canonical=f"https://{POLLED.id}.test/d"),
        undated("e", 49),
        undated("f", 50),
        undated("saved", 74, kind="file"),
        undated("archived", 75, obtained_from="wayback"),
    ]
    load_pages(layout, pages, [POLLED])
    return layout


@LOCAL
def test_undated_articles_speak_against_the_day_of_their_pages(
    half_dated: Layout, local: str
) -> None:
    columns = "extracted, undated, completeness, reasons, state"
    found = days(half_dated, columns, POLLED.id, local)
    assert {day: found[day] for day in (1, 2, 3)} == {
        1: (1, 1, 0.5, ["articles_undated"], "partial"),
        2: (0, 2, 0.0, ["articles_undated"], "missing"),
        3: (0, 0, 1.0, [], "observed"),
    }
    shares = f"SELECT day, articles FROM topic_daily{local} WHERE topic_id = 'harvest' ORDER BY day"
    assert [articles for _, articles in ask(half_dated, shares)][1:5] == [2, 1, None, 0]


def test_an_undated_article_that_gets_its_date_makes_its_day_whole(layout: Layout) -> None:
    first = [*feed_reads(POLLED.id, range(48)), undated("a", 25)]
    load_pages(layout, first, [POLLED])
    assert days(layout, "undated, state", POLLED.id)[1] == (1, "missing")
    again = [Page("a", "The harvest of a.", 0, 30, POLLED.id)]
    load(layout, TOPICS, [POLLED], [stage(layout, "20260304T060000Z-bbbbbb", again)])
    publish(layout)
    found = days(layout, "extracted, undated, state", POLLED.id)
    assert (found[0][:2], found[1]) == ((1, 0), (0, 0, "observed"))


def test_health_names_undated_articles_and_a_remedy(half_dated: Layout) -> None:
    losses = source_health(half_dated)[POLLED.id].losses
    assert "3 articles of these days without a publication date" in losses
    assert "a feed or sitemap that states dates would give one" in losses


def test_the_message_counts_dated_saved_files_outside_of_the_calendar(layout: Layout) -> None:
    load_pages(layout, [saved(f"dated-{day}", day) for day in (0, 1, 30, 31)], [FILES])
    assert set(days(layout, "state", FILES.id)) == {30, 31}
    assert outside_calendars(read_run(layout, RUN)) == (
        "2 dated articles of gb-files lie outside its calendar, which begins on 2026-04-01, and"
        " count on no day: five days with articles, at most a weekend apart, begin a calendar"
    )
    with snapshot(layout) as con:
        known = choices(con)
        assert known.last_day
        selection = Selection(START.date(), known.last_day)
        said = missing(con, selection, known, series(con, selection))
    assert said.startswith("Counted days begin on 2026-04-01: 2 older articles count on none. ")


def test_a_calendar_with_all_saved_files_needs_no_message(layout: Layout) -> None:
    load_pages(layout, [saved(f"dated-{day}", day) for day in range(5)], [FILES])
    assert outside_calendars(read_run(layout, RUN)) == ""
