"""Prefect's UI in a real browser, as an operator uses it.

Screenshots and what the pages wrote on their console go to the folder PRESSWATCH_SCREENSHOTS.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateName,
)

from tasks.report import ledger_page, rejections_page, topics_page
from tasks.report.run_summary import RunFigures
from tests.flows.test_run_page import LONG, RUN, collected, rejected
from tests.support.chromium import chromium
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import Served, until

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAPERS = ["de-allerbruecker-tageblatt", "gb-portwick-courier", "jp-shioura-shimbun"]
CHOSEN = [PAPERS[0], PAPERS[2]]
PATIENCE = 60_000
"""Milliseconds for a page to show what is expected; a quiet machine needs two seconds."""
SAID = {
    "ledger": (
        "21 new, 0 revised",
        "de-allerbruecker-tageblatt 13 13 11 0 2",
        "jp-shioura-shimbun 11 11 10 0 1",
        "de-allerbruecker-tageblatt: rejected 1 consent_wall, 1 soft_404",
    ),
    "new": ("In the 21 new or revised articles of this run", "Sanctions 9 14", "Huawei 4 7"),
    "rejections": (
        "3 pages gave no article",
        "video_page, jp-shioura-shimbun: 13 words beside the video 127.0.0.1:",
        "presswatch extract 'jp-shioura-shimbun/",
    ),
    "topics": ("Sanctions 45% (26% – 66%) 9 of 20", "In the picture, grey: nothing is known"),
}
SCHEDULED = FlowRunFilterStateName(any_=["Scheduled"])
WIDER = "panel => panel.scrollWidth - panel.clientWidth"
DRAWN = "picture => picture.decode().then(() => picture.naturalWidth)"


class Watched:
    """A page of the UI, what it asked of whom, and what it complained about."""

    def __init__(self, browser: Browser, served: Served, shots: Path) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(PATIENCE)
        self.start = f"http://127.0.0.1:{served.port}/v2"
        self.shots = shots
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.on("pageerror", lambda error: self.said.append(f"thrown: {error}"))
        self.page.on("console", lambda told: self.said.append(f"{told.type}: {told.text}"))

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page, once nothing on it is still awaited."""
        expect(self.page.locator(".animate-pulse")).to_have_count(0)
        path = self.shots / f"{name}.png"
        self.page.screenshot(path=path, full_page=True, animations="disabled")

    def open_deployment(self) -> None:
        """From the start to the deployment ingest."""
        self.page.goto(self.start)
        self.page.get_by_role("link", name="Deployments").click()
        self.page.get_by_role("row", name="ingest").get_by_role("link").first.click()

    def open_form(self) -> None:
        """To the form of a custom run."""
        self.open_deployment()
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Custom run").click()
        expect(self.page.get_by_role("button", name="Select only")).to_be_visible()

    def submit(self) -> None:
        """Send the form."""
        self.page.get_by_role("button", name="Submit").click()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(
    browser: Browser, newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    served = Served(Place(tmp_path_factory.mktemp("ui")).files, {})
    served.start()
    yield served
    if served.process and served.process.poll() is None:
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


def test_a_pause_lasts_over_a_restart(ui: Watched, served: Served) -> None:
    ui.open_deployment()
    switch = ui.page.get_by_role("switch", name=re.compile("^toggle"))
    expect(switch).to_be_checked()
    switch.click()
    expect(ui.page.get_by_text("Deployment schedule paused").first).to_be_visible()
    ui.shoot("schedule-paused")
    until("the schedule is paused", lambda: not is_active(served))
    until("no run is planned", lambda: not planned(served))
    # It deploys again as it starts.
    assert served.stop() == 0
    served.start()
    assert not is_active(served)
    ui.open_deployment()
    expect(switch).not_to_be_checked()
    switch.click()
    expect(ui.page.get_by_text("Deployment schedule active").first).to_be_visible()
    until("the schedule is active", lambda: is_active(served))


def test_the_pages_ask_their_own_server_only(ui: Watched) -> None:
    ui.page.goto(ui.start)
    expect(ui.page.get_by_role("link", name="Deployments")).to_be_visible()
    hosts = {urlsplit(url).hostname for url in ui.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}


def words(shown: Locator) -> str:
    """The text of an element, in one line."""
    return " ".join(shown.inner_text().split())


def artifact(page: Page, *said: str) -> Locator:
    """The place of an artifact, once it shows all of what it should say."""
    panel = page.get_by_role("tabpanel", name="Artifact")
    for text in said:
        expect(panel).to_contain_text(text, use_inner_text=True)
    return panel


def begun_with(served: Served, parameter: str, value: object) -> bool:
    """Whether a run with such a parameter was made."""
    with served.client() as client:
        return any(run.parameters.get(parameter) == value for run in client.read_flow_runs())


def planned(served: Served) -> int:
    """Runs of the schedule that are still to come."""
    with served.client() as client:
        runs = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["ingest"])),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(name=SCHEDULED)),
        )
    return len(runs)


def is_active(served: Served) -> bool:
    """Whether the schedule is on, as the server has it."""
    with served.client() as client:
        (schedule,) = client.read_deployment_by_name("ingest/ingest").schedules
    return schedule.active
