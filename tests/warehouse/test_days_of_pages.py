"""The day that a page without a dated article belongs to, and what that makes of its day."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.feed_reads import feed_reads
from tests.support.staged_pages import START, Page, source
from tests.warehouse.test_local_days import ask, load_pages
from warehouse.layers.layout import Layout

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
    archived = {"source_id": FILES.id, "obtained_from": origin}
    pages = [Page(f"a-{day}", f"a{day}", day, LATER, **archived) for day in range(5)]
    front = Page("front", "", None, 24 * 20, outcome="no_article", **archived)
    load_pages(layout, [*pages, front], [FILES])
    assert set(days(layout, "state", FILES.id, local)) == set(range(5))
