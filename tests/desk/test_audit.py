"""Judging a sample in the desk: what is shown, what is kept, who may send it."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.settings import Settings
from tests.support.chromium import chromium
from tests.support.daily_news import load_days
from tests.support.desk_server import served
from tests.support.kept_folder import KeptFolder
from warehouse.layers.audits import read_audits
from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

pytestmark = pytest.mark.slow

DRAW = {"topic": "harvest", "kind": "precision", "n": "50", "reader": "Ann Önü"}


@pytest.fixture(scope="module")
def kept_days(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    return KeptFolder(tmp_path_factory.mktemp("audit"), lambda layout: load_days(layout, 6))


@pytest.fixture
def layout(kept_days: KeptFolder) -> Layout:
    return kept_days.restored()


@pytest.fixture
def client(layout: Layout) -> Iterator[TestClient]:
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def drawn(client: TestClient) -> str:
    """Draw a sample as the form does; the address of its first article."""
    answer = client.post("/audit", data=DRAW)
    assert answer.status_code == 200, answer.text
    return str(answer.url)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def say(client: TestClient, place: str, answer: str, **more: str) -> str:
    """Send a verdict on the article that is shown; the page that follows."""
    page = client.get(place).text
    article = hidden(page, "article") if 'name="article"' in page else ""
    form = {"reader": "Ann Önü", "article": article, "answer": answer, **more}
    sent = client.post(urlsplit(place).path, data=form)
    assert sent.status_code == 200, sent.text
    return sent.text


def test_a_sample_is_drawn_judged_and_counted(client: TestClient, layout: Layout) -> None:
    assert "not audited" in client.get("/audit").text
    place = drawn(client)
    first = client.get(place).text
    assert "<mark>harvest</mark>" in first
    assert 'id="judged">0 of 12</b>' in first
    assert "0 of 12" in say(client, place, "back"), "there is nothing to take back"
    assert "1 of 12" in say(client, place, "yes", false="0")
    assert "0 of 12" in say(client, place, "back")
    assert hidden(client.get(place).text, "article") == hidden(first, "article")
    for answer in ("yes", "no", "unsure", *["yes"] * 9):
        page = say(client, place, answer)
    assert "All are judged" in page
    [audit] = read_audits(layout)
    assert audit.readers == ("Ann Önü",)
    assert len(audit.current) == 12
    assert len(audit.verdicts) == 14
    assert "take them now" in client.get("/audit").text
    counted = client.post("/audit/publish", data={"reader": "Ann Önü"})
    assert "take them now" not in counted.text
    assert re.search(r"audited n = 11, precision \.9\d \(.*\), 1 unsure", counted.text)
    page = client.get(place).text
    assert "Precision by alias" in page
    assert "Aliases of wrong articles" in page
    [row] = snapshot_records(layout, "FROM audits")
    assert (row["yes"], row["no"], row["unsure"]) == (10, 1, 1)


def test_what_is_no_verdict_is_refused(client: TestClient, layout: Layout) -> None:
    place = drawn(client)
    article = hidden(client.get(place).text, "article")
    for form, why in (
        ({"answer": "maybe"}, "answer must be one of yes, no, unsure, back"),
        ({"answer": "yes", "article": "x"}, "has no article"),
        ({"answer": "yes", "false": "7"}, "has no mention 8"),
        ({"answer": "yes", "false": "x"}, "false must be numbers"),
        ({"reader": " "}, "name has 1 to 100"),
        ({"reader": "a" * 101}, "name has 1 to 100"),
    ):
        given = {"reader": "ann", "article": article, "answer": "yes", **form}
        answer = client.post(urlsplit(place).path, data=given)
        assert answer.status_code == 400, form
        assert why in answer.text
        assert read_audits(layout)[0].verdicts == (), form


def test_other_forms_are_refused(client: TestClient) -> None:
    for form in ({**DRAW, "n": "51"}, {**DRAW, "kind": "all"}, {**DRAW, "topic": "x"}, {}):
        assert client.post("/audit", data=form).status_code == 400
    assert client.post("/audit", content=b"\xff\xfe=%ff").status_code == 400
    assert client.post("/audit", content=b"a" * 70_000).status_code == 413
    assert client.get("/audit/nothing").status_code == 400
    assert client.post("/audit/nothing", data={"reader": "a", "answer": "yes"}).status_code == 400
    assert client.put("/audit").status_code == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Origin": "http://127.0.0.1:8700"}, 200),
        ({"Origin": "http://127.0.0.1:8701"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.test"}, 421),
    ],
)
def test_only_the_desks_own_forms_are_taken(
    client: TestClient, layout: Layout, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/audit", data=DRAW, headers=headers)
    assert answer.status_code == status
    assert len(read_audits(layout)) == (status == 200)


@pytest.mark.browser
def test_three_keys_judge(browser: Browser, layout: Layout, tmp_path: Path) -> None:
    with served(layout) as base:
        page, wrong = browser.new_page(), list[str]()
        page.on("pageerror", lambda error: wrong.append(f"error {error}"))
        page.on("console", lambda message: wrong.append(f"console {message.text}"))
        page.goto(f"{base}/audit")
        page.get_by_label("Reader").first.fill("yn")  # no keys while a name is typed
        page.get_by_role("button", name="Draw").click()
        judged = page.locator("#judged")
        headline = page.locator("form.judge h2")
        headline.wait_for()
        for number, key in enumerate("yynu", 1):
            if number == 2:
                page.keyboard.press("1")
                assert page.get_by_label("not this one").first.is_checked()
            page.keyboard.press(key)
            page.locator("#judged", has_text=f"{number} of 12").wait_for()
        page.keyboard.press("b")
        page.locator("#judged", has_text="3 of 12").wait_for()
        assert "reader=yn" in page.url
        page.reload()
        assert judged.inner_text() == "3 of 12"
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()
        assert wrong == []
    [audit] = read_audits(layout)
    said = list(audit.current.values())
    assert [(verdict.answer, verdict.false_hits) for verdict in said] == [
        *(("yes", ()), ("yes", (0,)), ("no", ())),
    ]
