"""Report, desk and MCP show the days of the setting, and the SQL that they show is theirs."""

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from itertools import product

import duckdb
import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tasks.report.figures import read_figures
from tasks.report.page import write_report
from tasks.settings import Settings
from tests.support.feed_reads import feed_reads
from tests.support.staged_pages import Page
from tests.warehouse.test_local_days import NEW_YORK, PAGES, TOKYO, load_pages
from tests.warehouse.test_local_index import load_spike
from warehouse.layers.layout import Layout
from warehouse.questions.selection import choices
from warehouse.questions.topic_samples import choose_articles
from warehouse.read.query import snapshot

pytestmark = pytest.mark.slow

OF_TOKYO = {"local": "2026-03-04", "utc": "2026-03-03"}
"""The day on which the page of 08:00 counts."""
ASKED = "topic=summit&source=jp-shimbun&unit=day"


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("local") / "data")
    load_pages(layout, PAGES, [TOKYO, NEW_YORK])
    return layout


@pytest.fixture(scope="module")
def client(layout: Layout) -> Iterator[TestClient]:
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "kind"), [("", "local"), ("&days=local", "local"), ("&days=utc", "utc")]
)
def test_the_desk_shows_the_days_asked_for(client: TestClient, asked: str, kind: str) -> None:
    page = client.get(f"/attention?{ASKED}{asked}").text
    whose = "the days of each source&#39;s time zone" if kind == "local" else "UTC days"
    assert f"by {whose}." in page.replace("'", "&#39;")
    assert ("&amp;days=utc" in page) == (asked == "&days=utc")
    table = client.get(f"/export/attention.csv?{ASKED}{asked}").text
    (counted,) = [line for line in table.splitlines() if ",1,1,1," in line]
    assert OF_TOKYO[kind] in counted
    listed = client.get(f"/articles?{ASKED}{asked}").text
    day = date.fromisoformat(OF_TOKYO[kind])
    assert f"{day.day} March 2026" in listed
    for path in ("/", "/sources", "/sources/jp-shimbun", "/search?q=harvest"):
        answer = client.get(f"{path}{'&' if '?' in path else '?'}{asked[1:]}")
        assert answer.status_code == 200


def test_the_sql_shown_is_the_sql_that_ran(client: TestClient, layout: Layout) -> None:
    sql = client.get(f"/export/attention.sql?{ASKED}").text
    with duckdb.connect(str(layout.current), read_only=True) as con:
        rows = con.sql(sql)
        found = [row for row in rows.project("period, hits").fetchall() if row[1]]
    assert found == [(date(2026, 3, 4), 1)]


def test_another_kind_of_days_is_refused(client: TestClient) -> None:
    answer = client.get("/attention?days=lunar")
    assert answer.status_code == 400
    assert "days must be local or utc" in answer.text


@pytest.mark.parametrize("is_local", [True, False])
def test_the_report_shows_the_days_of_the_setting(layout: Layout, is_local: bool) -> None:
    figures = read_figures(layout, is_local=is_local)
    days = {
        str(row["period"]): row["hits"]
        for row in figures.by_source
        if row["source"] == "jp-shimbun" and row["topic_id"] == "summit" and row["hits"]
    }
    assert days == {OF_TOKYO["local" if is_local else "utc"]: 1}
    write_report(layout, layout.report, is_local=is_local)
    assert ("Days are those of each paper" in layout.report.read_text()) == is_local


SPIKE = {True: date(2026, 6, 1), False: date(2026, 5, 31)}
"""The day of the spike, by the days of the source and by UTC days."""


NIGHT = (
    *feed_reads(TOKYO.id, range(36, 42)),
    Page("undated", "Nothing.", None, 38, TOKYO.id, headline="Undated"),
    Page("rejected", "", None, 38.5, TOKYO.id, outcome="no_article"),
)
"""At 20:00 UTC of 3 March it is 05:00 of 4 March in Tokyo."""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    layout = Layout(tmp_path_factory.mktemp("night") / "data")
    load_pages(layout, NIGHT, [TOKYO])
    with TestClient(create_app(layout, Settings(data=layout.root)), "http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("kind", ["local", "utc"])
def test_all_that_the_page_of_a_source_lists_is_of_the_days_asked_for(
    night: TestClient, kind: str
) -> None:
    for day in OF_TOKYO.values():
        page = night.get(f"/sources/{TOKYO.id}", params={"from": day, "to": day, "days": kind}).text
        is_of_day = day == OF_TOKYO[kind]
        assert ("1 article first seen on the selected days" in page) == is_of_day
        assert ("https://jp-shimbun.test/rejected" in page) == is_of_day
        assert ('class="moment">2026-03-03 20:00' in page) == is_of_day


EVER = ("0001-01-01", "2026-03-03", "9999-12-31")


@pytest.mark.parametrize("kind", ["local", pytest.param("utc", marks=pytest.mark.soak)])
def test_the_first_and_the_last_day_of_all_can_be_asked_for(night: TestClient, kind: str) -> None:
    paths = (
        "/",
        "/attention",
        "/articles",
        "/sources",
        f"/sources/{TOKYO.id}",
        "/search?q=harvest",
    )
    exports = ("/export/attention.csv", "/export/parts.csv?by=source", "/export/gaps.csv")
    for path, first, last in product((*paths, *exports), EVER, EVER):
        given = f"{'&' if '?' in path else '?'}from={first}&to={last}&days={kind}"
        assert night.get(path + given).status_code == (200 if first <= last else 400), path + given


def test_the_last_articles_of_any_number_of_days_can_be_chosen(layout: Layout) -> None:
    for days in (0, 1, 10_000_000):
        with snapshot(layout) as con:
            choose_articles(con, layout, "summit", days)
            [(chosen,)] = con.sql("SELECT count(*) FROM chosen_articles").fetchall()
        assert chosen == (2 if days == 1 else 3)


@pytest.fixture(scope="module")
def spiked(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("spike"))
    load_spike(layout)
    return layout


@pytest.mark.parametrize("is_local", [True, False])
def test_index_and_spikes_are_by_the_days_of_the_setting(spiked: Layout, is_local: bool) -> None:
    figures = read_figures(spiked, is_local=is_local)
    assert [row["day"] for row in figures.spikes] == [SPIKE[is_local]]
    of_summit = [row for row in figures.index if row["topic_id"] == "summit" and row["value"]]
    assert {(row["period"], row["value"]) for row in of_summit if row["series"] == "epu"} == {
        (SPIKE[is_local], 3000)
    }
    found = Tools(Snapshots(spiked), is_local=is_local).spikes(["summit"])["spikes"]
    assert [row["day"] for row in found] == [SPIKE[is_local]]
    settings = Settings(data=spiked.root, days="local" if is_local else "utc")
    app = create_app(spiked, settings)
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        page = client.get("/attention?topic=summit&unit=day").text
    _, _, spikes = page.partition('<h2 id="spikes">')
    section, _, _ = spikes.partition("</section>")
    assert f"{SPIKE[is_local]:%-d %B %Y}" in section
    write_report(spiked, spiked.report, is_local=is_local)
    for shown in (page, spiked.report.read_text()):
        assert ("Days are UTC." in shown) == (not is_local)
        assert "spikes are UTC" not in shown


def test_an_assistant_is_told_whose_days_they_are(layout: Layout) -> None:
    tools = Tools(Snapshots(layout), is_local=True)
    answer = tools.series("summit", unit="day", sources=["jp-shimbun"])
    assert [row["first_day"] for row in answer["rows"] if row["hits"]] == [date(2026, 3, 4)]
    assert answer["coverage"]["days"] == "of each source's time zone"
    said = tools.sentences("summit", sources=["jp-shimbun"])["sentences"]
    assert [sentence["day"] for sentence in said] == [date(2026, 3, 4)]


def test_a_snapshot_without_local_days_is_shown_by_utc_days() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE coverage (source_id VARCHAR, day DATE)")
        con.execute("CREATE TABLE topics (topic_id VARCHAR, name VARCHAR, valid_to DATE)")
        columns = "source_id VARCHAR, name VARCHAR, country VARCHAR, language VARCHAR"
        columns += ", timezone VARCHAR, is_configured BOOLEAN, last_attempt_at TIMESTAMPTZ"
        con.execute(f"CREATE TABLE sources ({columns})")
        known = choices(con, is_local=True)
    assert not known.is_local


@pytest.mark.parametrize("option", ["", "&copies=no", "&in=headline"])
def test_the_link_of_a_spike_lists_its_articles(spiked: Layout, option: str) -> None:
    app = create_app(spiked, Settings(data=spiked.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        page = client.get("/attention?topic=summit&unit=day" + option).text
        found = re.findall(r'<li><a href="([^"]+)">.*</a>: (\d+) of \d+ articles', page)
        [(link, hits)] = found
        assert f'<p class="lead">{hits} articles' in client.get(unescape(link)).text
