"""An article whose page no longer gives its date counts on the day that it gave before."""

from datetime import date
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.load.load_run import load, rebuild_warehouse
from tasks.settings import Settings
from tests.load.test_every_change import dated
from tests.support.feed_reads import feed_reads
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS, Page, prose, source, stage, tables
from tests.warehouse.test_local_days import ask
from warehouse.layers.layout import Layout
from warehouse.questions.texts import files_by_day, files_of_days
from warehouse.read.query import snapshot

pytestmark = pytest.mark.slow

PAPERS = (source("gb-post", timezone="UTC"), source("jp-shimbun", timezone="Asia/Tokyo"))
RAW = "2026年3月4日 8時00分"
DATED = dated(1.7) | {"published_at_raw": RAW, "published_source": "page"}
FIRST = Page("a", f"The harvest was late. {prose(1)}", hour=48, source_id="jp-shimbun", about=DATED)
UNDATED = Page("a", f"The harvest is over. {prose(1)}", None, 72, "jp-shimbun")
COPY = Page("copy", f"The harvest is over. {prose(1)}", 2, hour=52)
READS = [page for paper in PAPERS for page in feed_reads(paper.id, range(96))]
TOLD = """
    SELECT version_no, published_at_raw, published_source, published_date::VARCHAR AS utc_day,
           published_local_date::VARCHAR AS day, published_precision, is_original
    FROM (SELECT *, duplicate_of IS NULL AS is_original FROM articles)
    WHERE source_id = 'jp-shimbun'
"""
COUNTED = """
    SELECT day::VARCHAR, articles_with_mention, articles FROM topic_daily{}
    WHERE source_id = 'jp-shimbun' AND topic_id = 'harvest' AND articles > 0
"""


def load_pages(layout: Layout, number: int, *pages: Page) -> None:
    load(layout, TOPICS, PAPERS, [stage(layout, f"20260310T060000Z-00000{number}", pages)])
    publish(layout)


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """An article with a date, then its text without one, then a later copy of that text."""
    layout = Layout(tmp_path_factory.mktemp("lost") / "data")
    load_pages(layout, 0, *READS, FIRST)
    load_pages(layout, 1, UNDATED)
    load_pages(layout, 2, COPY)
    return layout


def test_an_article_keeps_its_day_when_its_page_loses_the_date(lost: Layout) -> None:
    assert ask(lost, TOLD) == [(2, RAW, "page", "2026-03-03", "2026-03-04", "minute", True)]
    assert ask(lost, COUNTED.format("")) == [("2026-03-03", 1, 1)]
    assert ask(lost, COUNTED.format("_local")) == [("2026-03-04", 1, 1)]
    assert ask(lost, "SELECT sum(undated) FROM coverage") == [(0,)]
    versions = "SELECT version_no, published_date IS NULL FROM article_versions"
    assert ask(lost, f"{versions} WHERE source_id = 'jp-shimbun' ORDER BY 1") == [
        (1, False),
        (2, True),
    ]
    revised = ask(lost, "SELECT hours_after_publication FROM article_revisions")
    assert revised == [(pytest.approx(72 - 24 * 1.7, abs=0.01),)]


def test_a_copy_of_a_text_without_a_date_is_found(lost: Layout) -> None:
    """The article is the earlier of the two by its day, not by its last capture."""
    copies = "SELECT source_id FROM articles WHERE duplicate_of IS NOT NULL"
    assert ask(lost, copies) == [("gb-post",)]


def test_its_text_is_searched(lost: Layout) -> None:
    with snapshot(lost) as con:
        files = files_of_days(files_by_day(con, lost), [date(2026, 3, 3), date(2026, 3, 4)])
    assert len(files) == len(set(files)) == 3
    given = {"q": "is over", "source": "jp-shimbun"}
    with TestClient(create_app(lost, Settings(data=lost.root)), "http://127.0.0.1") as desk:
        while 'hx-trigger="load delay' in (page := desk.get("/search", params=given).text):
            sleep(0.1)
        shown = desk.get(f"/article/{UNDATED.article_id}").text
    assert 'class="lead">1 of 1 articles' in page
    assert '22:48 <span class="soft">(as another version says)</span>' in shown


@pytest.mark.soak
@pytest.mark.parametrize(
    "order", [([UNDATED], [*READS, FIRST], [COPY]), ([COPY], [UNDATED], [*READS, FIRST])]
)
def test_any_order_of_loading_gives_what_a_rebuild_gives(
    tmp_path: Path, order: tuple[list[Any], ...]
) -> None:
    layout = Layout(tmp_path / "data")
    for number, pages in enumerate(order):
        load_pages(layout, number, *pages)
    assert [row[3:] for row in ask(layout, TOLD)] == [("2026-03-03", "2026-03-04", "minute", True)]
    loaded = tables(layout)
    rebuild_warehouse(layout, TOPICS, PAPERS)
    assert tables(layout) == loaded
