"""The desk's pages of sources and of archived pages."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from flows.desk.views import extraction
from tasks.archive.write import ArchiveWriter
from tasks.load.load_run import load
from tasks.model import Entry
from tasks.refine.refine_archive import refine
from tasks.settings import Settings
from tests.support.archived_news import POOL, page
from tests.support.partial_days import SOURCES, at, stage_partial_days
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS, Page, source, stage
from warehouse.layers.layout import Layout
from warehouse.questions.series import SQL
from warehouse.read.query import records, snapshot
from warehouse.read.utc_or_local_days import sql_for_days
from warehouse.store.archive_files import write_removed

pytestmark = pytest.mark.slow

ATTACK = "\"'><script>alert(1)</script>"
HOSTILE = source("fr-hostile").model_copy(update={"name": ATTACK})
RUN_ID = "20260316T080000Z-000009"
ARCHIVE = f"fr-hostile/{RUN_ID}.warc.gz"
HOURS = 24 * 14 + 2


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Two weeks of four papers, and a run of a fifth one whose texts are markup."""
    layout = Layout(tmp_path_factory.mktemp("desk") / "data")
    pages = [page("fr-hostile", slug, at(HOURS), 7, 16) for slug in ("good", "empty")]
    marked = pages[0].payload.replace(b"The G20", b"&lt;script&gt;alert(2)&lt;/script&gt; The G20")
    attempts = [replace(pages[0], payload=marked), replace(pages[1], payload=b"<html></html>")]
    with ArchiveWriter(layout.raw, "fr-hostile", RUN_ID) as writer:
        for attempt in attempts:
            writer.write(attempt, Entry(attempt.url_requested, found_in="feed"))
    refined = refine(layout.raw / ARCHIVE, "fr-hostile", layout, {"fr-hostile": HOSTILE}, POOL)
    rejected = [
        Page("doubt", "", 13, HOURS, outcome="section_page", detail=ATTACK, prose_words=900),
        Page(f"list/{ATTACK}", "", 13, HOURS, outcome="section_page", detail="12 links"),
        Page("undated", "The harvest of no day.", None, HOURS, "fr-hostile", ATTACK),
    ]
    run = replace(stage(layout, RUN_ID, rejected), finished_at=at(HOURS))
    runs = [*stage_partial_days(layout), replace(run, batches=(*run.batches, refined))]
    load(layout, TOPICS, (*SOURCES, HOSTILE), runs, now=at(HOURS))
    publish(layout)
    gone = {"bytes": 1, "removed_at": "2026-03-15T00:00:00+00:00", "why": "older than a day"}
    write_removed(layout, {"raw/gb-post/20260302T060000Z-000000.warc.gz": gone})
    return layout


@pytest.fixture(scope="module")
def desk(layout: Layout) -> Iterator[TestClient]:
    """A browser's place at the desk."""
    app = create_app(layout, Settings(data=layout.root, sources=Path("none.toml")))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        yield client


def shown(desk: TestClient, path: str, status: int = 200, **given: str) -> str:
    """A page, as text with its markup; nothing of a publisher may have become markup."""
    answer = desk.get(f"{path}?{urlencode(given)}" if given else path)
    assert answer.status_code == status, answer.text
    assert "<script>alert" not in answer.text
    text: str = answer.text
    return text


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the rows of a section's first table."""
    section = page.partition(f'<h2 id="{heading}">')[2].partition("</tbody>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)[1:]
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found)
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


def charts(page: str) -> list[dict[str, Any]]:
    return [json.loads(unescape(text)) for text in re.findall(r'data-chart="(.*?)"', page)]


def test_sources_that_lose_articles_come_first(desk: TestClient) -> None:
    found = rows(shown(desk, "/sources"), "states")
    told = {cells[0]: cells[1:5] for cells in found}
    # What is lost is made of an article an hour, less the ten that its feed holds, and a page.
    assert told["gb-post"] == [
        "losing articles",
        "88% on 14 of 16 days",
        "43 on 14 of 16 days",
        "313",
    ]
    assert told["es-diario"][0] == "losing articles"
    assert told["de-blatt"] == ["healthy", "100% on 14 of 16 days", "0 on 14 of 16 days", "341"]
    # Pages that failed are lost as well.
    assert told["pt-jornal"] == ["healthy", "97% on 14 of 16 days", "9 on 14 of 16 days", "332"]
    assert ATTACK in told
    assert [cells[1] for cells in found[:2]] == ["losing articles"] * 2


def test_the_strip_shows_the_selected_days(desk: TestClient) -> None:
    days: dict[str, Any] = {"from": "2026-03-06", "to": "2026-03-12"}
    page = shown(desk, "/sources", **days, country="es")
    [strip] = charts(page)
    values = strip["data"]["values"]
    states = {value["from"]: value["state"] for value in values}
    assert {value["series"] for value in values} == {"es-diario"}
    assert list(states) == [f"2026-03-{day:02}" for day in range(6, 13)]
    assert states["2026-03-11"] == "missing"
    assert states["2026-03-09"] == "observed"
    assert len(rows(page, "states")) == 1
    assert "show all" in page


def test_every_page_tells_the_same_losses_of_the_selected_days(
    desk: TestClient, layout: Layout
) -> None:
    days: dict[str, Any] = {"from": "2026-03-07", "to": "2026-03-10"}
    told = {cells[0]: cells[1:5] for cells in rows(shown(desk, "/sources", **days), "states")}
    # The gap began on the day before, which lost as many.
    assert told["gb-post"] == ["losing articles", "83%", "14", "68"]
    assert told["pt-jornal"] == ["healthy", "91%", "9", "87"]
    for name in ("gb-post", "pt-jornal"):
        page = shown(desk, f"/sources/{name}", **days)
        _, share, lost, _ = told[name]
        assert f"Collected: about {share} of what was published. About lost: {lost}." in page
        assert [cells[-1] for cells in rows(page, "gaps")] == [lost]
        by_day = [int(cells[3]) for cells in rows(page, "days")]
        assert sum(by_day) == int(lost)
        everywhere = rows(shown(desk, "/attention", source=name, topic="harvest", **days), "gaps")
        assert [cells[-1] for cells in everywhere] == [lost]
    with snapshot(layout) as con:
        given = {"first_day": date(2026, 3, 7), "last_day": date(2026, 3, 10)}
        report = records(
            con, sql_for_days((SQL / "collected.sql").read_text(), is_local=True), given
        )
    lost_of = {row["source"]: round(row["lost"]) for row in report}
    assert (lost_of["gb-post"], lost_of["pt-jornal"]) == (14, 9)


def test_the_page_of_a_source_keeps_the_selection_of_the_others(desk: TestClient) -> None:
    days = "from=2026-03-06&to=2026-03-12"
    page = shown(desk, f"/sources/gb-post?{days}&unit=week&country=es")
    links = re.findall(r'href="(/[^"#]*)"', page.partition("<nav")[2].partition("</nav>")[0])
    assert len(links) == 6
    assert not [link for link in links if "source=" in link or "country=es" not in link]
    everywhere = unescape(re.findall(r'<a href="([^"]*)">All sources', page)[0])
    assert everywhere == f"/sources?country=es&{days}&unit=week"
    assert 'name="source"' not in page
    chosen = shown(desk, f"/sources?source=gb-post&source=es-diario&{days}")
    [link] = re.findall(r'<a href="([^"]*)"><bdi>gb-post<', chosen)
    page = shown(desk, unescape(link))
    assert "/sources?source=gb-post&amp;source=es-diario" in page


@pytest.mark.parametrize(
    ("country", "said"),
    [("", "2 of 5 sources need"), ("gb", "1 of 1 source needs"), ("pt", "None of 1 source needs")],
)
def test_how_many_need_attention(desk: TestClient, country: str, said: str) -> None:
    assert f"{said} attention" in shown(desk, "/sources", country=country)


def test_a_source_says_what_it_lost_and_when(desk: TestClient) -> None:
    page = shown(desk, "/sources/gb-post")
    assert "after 24 hours in which nothing was polled" in page
    assert "poll it more often" not in page
    # The last of its roll-overs, after 24 hours, and the read before it.
    reads = rows(page, "reads")
    assert reads[0][1:6] == ["24.0", "10", "10", "yes", "14"]
    assert reads[1][1:6] == ["6.0", "10", "6", "", "–"]
    gaps = rows(page, "gaps")
    assert [cells[0] for cells in gaps] == ["6 March 2026 to 7 March 2026", "15 March 2026"]
    lost = {row[0]: row[3] for row in rows(page, "days")}
    assert lost["7 Mar 2026"] == "14"
    selected: dict[str, Any] = {"from": "2026-03-04", "to": "2026-03-07"}
    earlier = rows(shown(desk, "/sources/gb-post", **selected), "reads")
    assert earlier[0][0].startswith("2026-03-07 ")
    assert earlier[-1][0].startswith("2026-03-04 ")
    assert "20260302T060000Z-000000.warc.gz</code>, 2026-03-15: older than a day" in page


def test_rejections_are_counted_and_filtered(desk: TestClient) -> None:
    everything = shown(desk, "/sources/gb-post")
    counted = [cells[1:] for cells in rows(everything, "rejections")]
    assert counted == [["2", "2", "1", "doubtful ones"]]
    assert "200 or more words that read like an article" in everything
    assert "doubtful, 900 words of prose" in everything
    doubtful = shown(desk, "/sources/gb-post", outcome="doubtful")
    assert everything.count('<p class="what">') == 2
    assert doubtful.count('<p class="what">') == 1
    earlier = shown(desk, "/sources/gb-post", to="2026-03-10")
    assert "doubtful, 900" not in earlier
    refused = shown(desk, "/sources/gb-post", 400, outcome="nonsense")
    assert "no page of gb-post was rejected" in refused


def refs(desk: TestClient, layout: Layout) -> list[str]:
    with desk.app.state.desk.snapshots.cursor() as con:  # type: ignore[attr-defined]
        found = con.execute(
            "SELECT raw_ref FROM captures WHERE contains(url_requested, 'fr-hostile')"
            " AND NOT contains(url_requested, 'undated') ORDER BY url_requested"
        )
        return [ref for (ref,) in found.fetchall()]


def test_a_page_is_explained_block_by_block(desk: TestClient, layout: Layout) -> None:
    empty, good = refs(desk, layout)
    explained = shown(desk, "/page", ref=good)
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in explained
    [block] = rows(explained, "stripped")
    assert block[1].startswith("offers a newsletter")
    assert "never miss a story" in block[2]
    rejected = shown(desk, "/page", ref=empty)
    assert "<b>Rejected</b>" in rejected
    # A page without text is shown, to judge by oneself.
    [frame] = re.findall(r'<details open>.*?<iframe.* sandbox .*src="(.*?)"', rejected, re.DOTALL)
    archived = desk.get(unescape(frame))
    assert archived.text.startswith("<!doctype html><html>")
    assert archived.headers["content-security-policy"].startswith("sandbox;")


@pytest.mark.parametrize(
    "ref",
    ["", "../../etc/passwd", "../../../etc/passwd.warc.gz#0", f"{ARCHIVE}#1", ATTACK],
)
def test_only_places_that_captures_name_are_read(desk: TestClient, ref: str) -> None:
    for path in ("/page", "/page/archived"):
        assert "no page of this snapshot" in shown(desk, path, 404, ref=ref)


def test_an_archive_that_is_gone_is_said_to_be(desk: TestClient) -> None:
    removed = shown(desk, "/page", 404, ref="gb-post/20260302T060000Z-000000.warc.gz#0")
    assert "was removed on 2026-03-15 (older than a day)" in removed
    elsewhere = shown(desk, "/page", 404, ref="pt-jornal/20260302T060000Z-000000.warc.gz#0")
    assert "000000.warc.gz is missing" in elsewhere


def test_two_pages_at_most_are_read_at_once(
    desk: TestClient, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "EXTRACTIONS", threading.BoundedSemaphore(1))
    settings = desk.app.state.desk.settings  # type: ignore[attr-defined]
    limits = settings.limits.model_copy(update={"page_seconds": 0.1})
    busy = settings.model_copy(update={"limits": limits})
    monkeypatch.setattr(desk.app.state.desk, "settings", busy)  # type: ignore[attr-defined]
    with extraction.EXTRACTIONS:
        assert "try again" in shown(desk, "/page", 503, ref=refs(desk, layout)[0])


def test_an_unknown_source_is_not_found(desk: TestClient) -> None:
    assert "no source" in shown(desk, f"/sources/{ATTACK.replace('/', '')}", 404)


def test_articles_without_a_date_are_listed(desk: TestClient) -> None:
    page = shown(desk, "/sources/fr-hostile")
    assert "Without a date: 1." in page
    values = (value for chart in charts(page) for value in chart["data"]["values"])
    counts = {value["part"]: value["count"] for value in values if "part" in value}
    assert counts == {
        "collected": "1",
        "without a date": "1",
        "pages lost": "1",
        "lost unseen": "0",
    }
    listed = page.partition('<h2 id="undated">')[2].partition("</section>")[0]
    assert "1 article first seen on the selected days: no day counts them" in listed
    [address] = re.findall(r'href="(/article/[^"]+)"', listed)
    assert "of no day." in shown(desk, unescape(address))
    days: dict[str, Any] = {"from": "2026-03-02", "to": "2026-03-08"}
    assert "Articles without a date" not in shown(desk, "/sources/fr-hostile", **days)
