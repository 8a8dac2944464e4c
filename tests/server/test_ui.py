"""Prefect's UI in a real browser, as an operator uses it, and pages of other origins beside it.

Screenshots and what the pages wrote on their console go to the folder PRESSWATCH_SCREENSHOTS.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tasks.report.run_summary import RunFigures, ledger_page, rejections_page, topics_page
from tests.flows.test_run_page import LONG, RUN, collected, rejected
from tests.support.chromium import chromium
from tests.support.loopback import Loopback, http
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import Served, wait_for
from tests.support.ui_pages import (
    CHOSEN,
    FETCH,
    PAPERS,
    PATIENCE,
    SAID,
    SOCKET,
    Watched,
    artifact,
    begun_with,
    planned,
    runs_and_deployments,
    words,
)

pytestmark = [pytest.mark.slow, pytest.mark.browser]

WIDER = "panel => panel.scrollWidth - panel.clientWidth"
REBOUND = "rebound.test"
POST = {"method": "POST", "body": "{}"}
AS_JSON = {"headers": {"Content-Type": "application/json"}}
DRAWN = "picture => picture.decode().then(() => picture.naturalWidth)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with chromium(REBOUND, "localhost") as opened:
        yield opened


@pytest.fixture(scope="module")
def served(
    browser: Browser, newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    served = Served(Place(tmp_path_factory.mktemp("ui")).files, {})
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def ui(
    browser: Browser, served: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    folder = os.environ.get("PRESSWATCH_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots")
    shots = Path(folder)
    shots.mkdir(parents=True, exist_ok=True)
    watched = Watched(browser, served, shots)
    yield watched
    (shots / "console.txt").write_text("\n".join(watched.said))


@pytest.fixture(scope="module")
def run_page(ui: Watched) -> str:
    """Address of a run started through the form with two papers, once it has ended."""
    ui.open_form()
    ui.page.get_by_role("button", name="Select only").click()
    for paper in CHOSEN:
        ui.page.get_by_role("option", name=paper).click()
    ui.shoot("form-choices")
    ui.page.keyboard.press("Escape")
    expect(ui.page.get_by_role("option")).to_have_count(0)
    ui.shoot("form")
    ui.submit()
    ui.page.get_by_role("link", name="View run").click()
    expect(ui.page.get_by_role("tab", name="Logs")).to_be_visible()
    ui.shoot("run-begun")
    expect(ui.page.get_by_text("Completed", exact=True).first).to_be_visible(timeout=180_000)
    return ui.page.url


def test_the_form_explains_itself(ui: Watched) -> None:
    ui.open_form()
    form = words(ui.page.get_by_role("main"))
    for field in ("only", "since_days", "max_new", "due_only"):
        assert f"{field} (Optional)" in form
    assert "Ids of the sources to run" in form
    assert "0 takes all" in form
    ui.page.get_by_role("button", name="Select only").click()
    offered = ui.page.get_by_role("option").all_inner_texts()
    assert sorted(offered) == PAPERS


def test_a_run_is_watched_to_its_end(ui: Watched, served: Served, run_page: str) -> None:
    ui.page.goto(run_page)
    expect(ui.page.get_by_text("ingest 2 sources, 21 new").first).to_be_visible()
    log = ui.page.get_by_role("log")
    expect(log).to_contain_text("Finished in state Completed")
    expect(log).to_contain_text("jp-shioura-shimbun: 10 articles, 1 video_page")
    expect(log).to_contain_text("loaded: 21 new articles, 0 revised, 32 mentions; published")
    expect(log).not_to_contain_text("hook")
    expect(ui.page.get_by_role("main").locator("canvas")).to_be_visible()
    ui.shoot("run")
    with served.client() as client:
        (run,) = [one for one in client.read_flow_runs() if one.name.startswith("ingest 2")]
    given = {"only": CHOSEN, "since_days": 0, "max_new": 0, "due_only": False}
    assert run.parameters == given


@pytest.fixture(scope="module")
def artifacts(ui: Watched, run_page: str) -> dict[str, str]:
    """Addresses of what the run left, as its page links them."""
    ui.page.goto(run_page)
    ui.page.get_by_role("tab", name="Artifacts").click()
    links = ui.page.get_by_role("link", name="ingest-")
    expect(links).to_have_count(len(SAID))
    ui.shoot("artifacts")
    found = {link.get_by_role("heading").inner_text(): link for link in links.all()}
    return {key: link.evaluate("link => link.href") for key, link in found.items()}


@pytest.mark.parametrize("name", SAID)
def test_what_a_run_leaves_can_be_read(ui: Watched, artifacts: dict[str, str], name: str) -> None:
    ui.page.goto(artifacts[f"ingest-{name}"])
    panel = artifact(ui.page, *SAID[name])
    assert panel.evaluate(WIDER) == 0
    if name == "topics":
        assert panel.get_by_role("img").evaluate(DRAWN) > 1000
    ui.shoot(f"artifact-{name}")


def test_long_words_stay_in_their_column(ui: Watched, served: Served) -> None:
    rows = [collected(f"{paper}-am-sonntag", fetched=1234, new=1200) for paper in PAPERS]
    topic = {"name": "t" * 90, "hits": 1, "mentions": 2, "articles": 3}
    figures = RunFigures(rows, [topic], [rejected(PAPERS[0]), rejected(detail=LONG)])
    listed = {row["source_id"]: 1300 for row in rows}
    notes = dict.fromkeys(listed, f"ConnectTimeout: HTTPSConnectionPool(url={LONG})")
    pages = {
        "ConnectTimeout": ledger_page(RUN, figures, listed, notes),
        "mentions": topics_page(figures),
        "presswatch extract": rejections_page(figures),
    }
    for said, page in pages.items():
        made = {"key": "long", "type": "markdown", "data": page}
        with served.client() as client:
            answer = client.request("POST", "/artifacts/", json=made).json()
        ui.page.goto(f"{ui.start}/artifacts/artifact/{answer['id']}")
        assert artifact(ui.page, said).evaluate(WIDER) == 0


def test_a_value_out_of_bounds_is_refused_in_the_browser(ui: Watched, served: Served) -> None:
    ui.open_form()
    field = ui.page.get_by_label("since_days")
    field.fill("-1")
    ui.submit()
    expect(field).to_be_focused()
    assert "must be greater than or equal to 0" in field.evaluate("it => it.validationMessage")
    assert ui.page.url.split("?")[0].endswith("/run")
    assert not begun_with(served, "since_days", -1)
    ui.shoot("form-out-of-bounds")


def test_an_unknown_paper_is_refused_with_the_choices(ui: Watched, served: Served) -> None:
    ui.open_form()
    ui.page.get_by_role("button", name="Open menu").first.click()
    ui.page.get_by_role("menuitem", name="Use JSON Input").click()
    editor = ui.page.locator(".cm-content").first
    editor.click()
    ui.page.keyboard.press("Control+a")
    ui.page.keyboard.insert_text('["gb-nobody"]')
    expect(editor).to_have_text('["gb-nobody"]')
    ui.submit()
    refusal = ui.page.get_by_text("'gb-nobody' is not one of").first
    expect(refusal).to_be_visible()
    ui.shoot("form-refused")
    assert all(paper in refusal.inner_text() for paper in PAPERS)
    assert not begun_with(served, "only", ["gb-nobody"])


def test_a_schedule_is_paused_by_its_switch(ui: Watched, served: Served) -> None:
    ui.open_deployment()
    switch = ui.page.get_by_role("switch", name=re.compile("^toggle"))
    expect(switch).to_be_checked()
    switch.click()
    expect(ui.page.get_by_text("Deployment schedule paused").first).to_be_visible()
    ui.shoot("schedule-paused")
    wait_for("the schedule is paused", lambda: not is_active(served))
    wait_for("no run is planned", lambda: not planned(served))
    ui.open_deployment()
    expect(switch).not_to_be_checked()
    switch.click()
    expect(ui.page.get_by_text("Deployment schedule active").first).to_be_visible()
    wait_for("the schedule is active", lambda: is_active(served))


def test_the_pages_ask_their_own_server_only(ui: Watched) -> None:
    ui.page.goto(ui.start)
    expect(ui.page.get_by_role("link", name="Deployments")).to_be_visible()
    hosts = {urlsplit(url).hostname for url in ui.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}


def is_active(served: Served) -> bool:
    """Whether the schedule is on, as the server has it."""
    (schedule,) = served.schedules()
    return schedule.active


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of another origin: the same machine, another port."""
    with Loopback() as web:
        page = browser.new_page()
        page.goto(web.set_answers("/", http(b"<html><title>Somebody else</title></html>")))
        yield page
        page.close()


def test_a_page_of_another_origin_reads_nothing(served: Served, page: Page) -> None:
    api = f"http://127.0.0.1:{served.port}/api"
    failed = "TypeError: Failed to fetch"
    for path in ("/health", "/admin/settings", "/csrf-token?client=x"):
        assert page.evaluate(FETCH, [api + path, {}]) == failed
    assert page.evaluate(FETCH, [f"{api}/deployments/filter", POST | AS_JSON]) == failed
    logs = f"ws://127.0.0.1:{served.port}/api/logs/out"
    assert page.evaluate(SOCKET, [logs, ["prefect"], '{"type": "auth"}']) == "refused"


def test_a_page_of_another_origin_makes_and_runs_nothing(served: Served, page: Page) -> None:
    api = f"http://127.0.0.1:{served.port}/api"
    before = runs_and_deployments(served)
    with served.client() as client:
        report = client.read_deployment_by_name("report/report").id
    start = f"{api}/deployments/{report}/create_flow_run"
    # Requests of these kinds are sent without asking the server first: only the answer is hidden.
    for given in (POST, POST | AS_JSON, POST | {"mode": "no-cors"}):
        page.evaluate(FETCH, [start, given])
        page.evaluate(FETCH, [f"{api}/flows/", given | {"body": '{"name": "theirs"}'}])
    page.evaluate("url => { document.body.innerHTML = `<form method=post action=${url}>` }", start)
    with page.expect_response(start) as answer:
        page.evaluate("document.forms[0].submit()")
    assert answer.value.status == 403
    assert runs_and_deployments(served) == before
    with served.client() as client:
        assert "theirs" not in {one.name for one in client.read_flows()}


def test_a_page_of_another_origin_shows_none_of_the_servers(served: Served, page: Page) -> None:
    frame = f"<iframe src='http://127.0.0.1:{served.port}/v2'></iframe>"
    page.evaluate("html => { document.body.innerHTML = html }", frame)
    shown = page.frame_locator("iframe").locator("body")
    expect(shown).to_contain_text("refused to connect", timeout=60_000)


def test_a_page_of_another_origin_sends_no_event(served: Served, page: Page) -> None:
    events = f"ws://127.0.0.1:{served.port}/api/events/in"
    event = {"event": "presswatch.source.silent", "resource": {"prefect.resource.id": "theirs"}}
    assert page.evaluate(SOCKET, [events, [], json.dumps(event)]) == "refused"


def test_a_name_that_was_bound_to_this_machine_is_refused(served: Served, browser: Browser) -> None:
    page = browser.new_page()
    answer = page.goto(f"http://{REBOUND}:{served.port}/api/csrf-token?client=x")
    assert answer is not None
    assert (answer.status, answer.text()) == (400, "Invalid host header")
    api = f"http://{REBOUND}:{served.port}/api/deployments/filter"
    assert "Invalid host header" in page.evaluate(FETCH, [api, POST | AS_JSON])
    socket = f"ws://{REBOUND}:{served.port}/api/logs/out"
    assert page.evaluate(SOCKET, [socket, ["prefect"], '{"type": "auth"}']) == "refused"


def test_the_pages_of_the_server_start_a_run_by_its_other_name(
    served: Served, browser: Browser
) -> None:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"http://localhost:{served.port}/v2/deployments")
    before = runs_and_deployments(served)[0]
    page.get_by_role("link", name="recount").first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Quick run").click()
    expect(page.get_by_role("link", name="View run")).to_be_visible(timeout=60_000)
    wait_for("a run was started", lambda: runs_and_deployments(served)[0] > before)
