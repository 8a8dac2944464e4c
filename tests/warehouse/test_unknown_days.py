"""How much was collected is known of some days only: what every page and answer says of it."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tasks.report.page import write_report
from tasks.settings import Settings
from tests.desk.test_sources import rows
from tests.report.test_report import Elements
from tests.support.feed_reads import feed_reads
from tests.support.staged_pages import Page, source
from tests.warehouse.test_local_days import ask, load_pages
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

# Their first and last days are read in part.
ARCHIVED, POLLED = source("gb-archived", timezone="UTC"), source("gb-polled", timezone="UTC")
FIRST_READ, LAST_READ = 28, 40  # days after START, at its hour
MARCH: dict[str, Any] = {"first_day": "2026-03-02", "last_day": "2026-03-31"}
DAYS = {"from": "2026-03-02", "to": "2026-03-31"}


def pages() -> Iterator[Page]:
    """A paper that only the Wayback Machine knows until it is read for the first time."""
    for day in range(FIRST_READ - 1):
        archived: Any = {"hour": 24.0 * LAST_READ, "obtained_from": "wayback", "found_in": "cdx"}
        yield Page(f"old-{day}", day=day, source_id=ARCHIVED.id, **archived)
    for paper, first in ((ARCHIVED, FIRST_READ), (POLLED, 0)):
        yield from feed_reads(paper.id, range(24 * first, 24 * LAST_READ, 6))
        for day in range(first, LAST_READ):
            yield Page(f"new-{day}", day=day, hour=24.0 * day + 6, source_id=paper.id)


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """No test changes it."""
    layout = Layout(tmp_path_factory.mktemp("unknown") / "data")
    load_pages(layout, pages(), [ARCHIVED, POLLED])
    return layout


@pytest.fixture(scope="module")
def desk(layout: Layout) -> TestClient:
    return TestClient(create_app(layout, Settings(data=layout.root)), "http://127.0.0.1")


def shown(desk: TestClient, path: str, **given: str) -> str:
    answer = desk.get(path, params=given)
    assert answer.status_code == 200
    return answer.text


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_month_of_mostly_unknown_days_is_no_whole_one(layout: Layout) -> None:
    told = ask(
        layout,
        "SELECT days_estimated, days_partial, completeness FROM topic_monthly"
        f" WHERE topic_id = 'harvest' AND source_id = '{ARCHIVED.id}' AND period = '2026-03-01'",
    )
    assert told == [(2, 28, 1)]
    tools = Tools(Snapshots(layout))
    [row] = tools.series("harvest", sources=[ARCHIVED.id], unit="month", **MARCH)["rows"]
    assert (row["state"], row["completeness"]) == ("in part", 1)
    assert (row["source_days_of_completeness"], row["source_days"]) == (2, 30)
    [week] = tools.series(
        "harvest", sources=[POLLED.id], unit="week", first_day="2026-03-09", last_day="2026-03-15"
    )["rows"]
    assert week["state"] == "collected"


def test_the_guide_s_question_finds_months_of_which_it_is_unknown(layout: Layout) -> None:
    guide = Path("warehouse/README.md").read_text(encoding="utf-8")
    asked = "In which months was less than 95 % of what a source published collected"
    sql = guide.partition(asked)[2].partition("```sql\n")[2].partition("```")[0]
    found = {(row[0], str(row[1])) for row in ask(layout, sql)}
    assert (ARCHIVED.id, "2026-03-01") in found
    assert (POLLED.id, "2026-03-01") not in found


def test_the_desk_says_of_how_many_days_it_is_known(desk: TestClient) -> None:
    states = rows(shown(desk, "/sources", **DAYS), "states")
    assert [cells[2:4] for cells in states if cells[0] == ARCHIVED.id] == [
        ["100% on 2 of 30 days", "0 on 2 of 30 days"]
    ]
    page = text_of(shown(desk, f"/sources/{ARCHIVED.id}", **DAYS))
    assert (
        "Collected: about 100% of what was published on 2 of 30 days of sources, how much on the"
        " others is not known. About lost: 0 on 2 of 30 days."
    ) in page


def test_a_loss_that_is_unknown_is_not_none(desk: TestClient) -> None:
    given = {"source": ARCHIVED.id, "topic": "harvest", "from": "2026-03-02", "to": "2026-03-28"}
    page = shown(desk, "/attention", **given)
    assert "1 gap in the selected sources and days; articles lost: unknown" in text_of(page)
    assert [cells[-1] for cells in rows(page, "gaps")] == ["unknown"]


def test_the_report_warns_of_days_of_which_it_is_unknown(layout: Layout) -> None:
    write_report(layout, layout.report)
    text = " ".join(Elements(layout.report.read_text(encoding="utf-8")).text.split())
    assert "How much was collected on 28 of 80 days of papers is not known." in text
    # Without the first day, which was read in part.
    assert f"{ARCHIVED.id} 39 0 on 12 of 40 days 100% on 12 of 40 days 12 28 0 " in text
