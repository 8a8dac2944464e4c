"""The day that a page without a dated article belongs to, and what that makes of its day."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.load.load_run import load
from tasks.report.run_summary import outside_calendars, read_run
from tests.support.feed_reads import feed_reads
from tests.support.kept_folder import KeptFolder
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


def days(layout: Layout, columns: str, source_id: str, local: str = "") -> dict[int, Any]:
    """By day after START."""
    of_source = f"FROM coverage{local} WHERE source_id = '{source_id}'"
    rows = ask(layout, f"SELECT day, {columns} {of_source}")
    return {(row[0] - START.date()).days: row[1:] for row in rows}


def saved(
    slug: str, day: int | None, outcome: str = "article", source_id: str = FILES.id, **about: Any
) -> Page:
    text = f"{slug} of {source_id}"
    return Page(slug, text, day, LATER, source_id, outcome=outcome, kind="file", **about)


def undated(slug: str, hour: float, **about: Any) -> Page:
    return Page(slug, f"The harvest of {slug}.", None, hour, **{"source_id": POLLED.id, **about})


def dated(source_id: str, many: int, **about: Any) -> list[Page]:
    """Articles of the first days, one a day."""
    return [
        Page(f"a-{day}", f"a{day} of {source_id}", day, source_id=source_id, **about)
        for day in range(many)
    ]


ORIGINS = ("wayback", "warc")
REJECTED = [
    *(saved(f"dated-{day}", day, source_id="gb-rejected") for day in range(4)),
    saved("front", None, "section_page", "gb-rejected"),
    saved("broken", None, "unreadable_file", "gb-rejected"),
]
GIVEN = [
    *(saved(f"dated-{day}", day, source_id="gb-given") for day in range(4)),
    saved("broken", 2, "unreadable_file", "gb-given"),
]
BESIDE_POLLS = [
    *feed_reads("gb-both", range(72)),
    *(replace(page, hour=24.0 * day + 1) for day, page in enumerate(dated("gb-both", 3))),
    Page("b", "", None, 26, "gb-both", outcome="unreadable_file", kind="file"),
]
ARCHIVED = [
    page
    for origin in ORIGINS
    for page in (
        *dated(f"gb-{origin}", 5, hour=LATER, obtained_from=origin),
        Page(
            "front", "", None, 24 * 20, f"gb-{origin}", outcome="no_article", obtained_from=origin
        ),
    )
]
HALF_DATED = [
    # Four days of hourly reads: of two articles, a dated one, undated ones, of none.
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
LATE = [*feed_reads("gb-late", range(48)), undated("a", 25, source_id="gb-late")]
WHOLE = [saved(f"dated-{day}", day) for day in range(5)]


FILES_ALONE = ["no_listing_read", "archived_only"]


def papers_of(*cases: Sequence[Page]) -> Callable[[Layout], None]:
    """Loads the pages of cases, each of which has papers of its own."""
    pages = [page for case in cases for page in case]
    papers = [source(each, timezone="UTC") for each in sorted({page.source_id for page in pages})]
    return lambda layout: load_pages(layout, pages, papers)


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Files and archives of half a year later; only read."""
    fill = papers_of(REJECTED, GIVEN, BESIDE_POLLS, ARCHIVED, WHOLE)
    return KeptFolder(tmp_path_factory.mktemp("later"), fill).restored()


@pytest.fixture(scope="module")
def four_days(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    return KeptFolder(tmp_path_factory.mktemp("polled"), papers_of(HALF_DATED, LATE))


@pytest.fixture
def polled(four_days: KeptFolder) -> Layout:
    """Four days of polls."""
    return four_days.restored()


@LOCAL
def test_saved_files_do_not_say_what_was_published_beside_them(layout: Layout, local: str) -> None:
    """Three saved pages of a paper that is never polled are no day collected to 100 %."""
    found = days(layout, "extracted, archived, completeness, reasons, state", "gb-rejected", local)
    assert found == dict.fromkeys(range(4), (1, 1, None, FILES_ALONE, "partial"))


@LOCAL
def test_a_rejected_saved_file_is_of_no_day(layout: Layout, local: str) -> None:
    """That a file was read today does not say when its page was published."""
    found = days(layout, "extracted, failed, reasons", "gb-rejected", local)
    assert found == dict.fromkeys(range(4), (1, 0, FILES_ALONE))
    of_paper = "source_id = 'gb-rejected'"
    lost = f"SELECT count(*), count(day), count(day_local) FROM pages WHERE is_lost AND {of_paper}"
    assert ask(layout, lost) == [(1, 0, 0)]
    assert ask(layout, f"SELECT count(*) FROM rejections WHERE {of_paper}") == [(2,)]


@LOCAL
def test_a_rejected_saved_file_with_a_given_date_is_of_that_day(layout: Layout, local: str) -> None:
    found = days(layout, "failed, reasons, state", "gb-given", local)
    assert found[2] == (1, ["no_listing_read", "pages_lost", "archived_only"], "partial")
    assert set(found) == set(range(4))


@LOCAL
def test_a_saved_file_takes_no_page_from_a_day_of_polls(layout: Layout, local: str) -> None:
    assert days(layout, "failed, state", "gb-both", local)[1] == (0, "observed")


@LOCAL
@pytest.mark.parametrize("origin", ORIGINS)
def test_a_rejected_page_of_an_archive_is_of_no_day(
    layout: Layout, origin: str, local: str
) -> None:
    """That somebody captured a page on a day says as little."""
    assert set(days(layout, "state", f"gb-{origin}", local)) == set(range(5))


@LOCAL
def test_undated_articles_speak_against_the_day_of_their_pages(polled: Layout, local: str) -> None:
    columns = "extracted, undated, completeness, reasons, state"
    found = days(polled, columns, POLLED.id, local)
    assert {day: found[day] for day in (1, 2, 3)} == {
        1: (1, 1, 0.5, ["articles_undated"], "partial"),
        2: (0, 2, 0.0, ["articles_undated"], "missing"),
        3: (0, 0, 1.0, [], "observed"),
    }
    shares = f"""SELECT day, articles FROM topic_daily{local}
        WHERE topic_id = 'harvest' AND source_id = '{POLLED.id}' ORDER BY day"""
    assert [articles for _, articles in ask(polled, shares)][1:5] == [2, 1, None, 0]


def test_health_names_undated_articles_and_a_remedy(polled: Layout) -> None:
    losses = source_health(polled)[POLLED.id].losses
    assert "3 articles of these days without a publication date" in losses
    assert "a feed or sitemap that states dates would give one" in losses


def test_calendars_with_all_saved_files_need_no_message(layout: Layout) -> None:
    assert outside_calendars(read_run(layout, RUN)) == ""


def test_an_undated_article_that_gets_its_date_makes_its_day_whole(polled: Layout) -> None:
    assert days(polled, "undated, state", "gb-late")[1] == (1, "missing")
    again = [Page("a", "The harvest of a.", 0, 30, "gb-late")]
    papers = [source("gb-late", timezone="UTC")]
    load(polled, TOPICS, papers, [stage(polled, "20260304T060000Z-bbbbbb", again)])
    publish(polled)
    found = days(polled, "extracted, undated, state", "gb-late")
    assert (found[0][:2], found[1]) == ((1, 0), (0, 0, "observed"))


def test_the_message_counts_dated_saved_files_outside_of_the_calendar(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    archived = Page("archived", "An old fair.", 0, 24.0, "archive-other.test")
    dated = [saved(f"dated-{day}", day) for day in (0, 1, 30, 31)]
    load_pages(layout, [archived, *dated], [FILES])
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
