"""Pages in a browser: those of Prefect's UI, and what other pages try to ask of its server."""

from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateName,
)

from tests.support.serving import Served

PATIENCE = 60_000
"""Milliseconds for a page to show what is expected; a quiet machine needs two seconds."""
FETCH = "([url, given]) => fetch(url, given).then(it => it.text()).catch(it => String(it))"
"""What a page gets from a request: the text of an answer, or the error of a refused one."""
SOCKET = """([url, protocols, message]) => new Promise(tell => {
    const socket = new WebSocket(url, protocols);
    socket.onopen = () => { socket.send(message); setTimeout(() => tell('open'), 1000); };
    socket.onerror = () => tell('refused');
})"""
"""Whether a WebSocket opens; then a message is sent and the first answer awaited."""
PAPERS = ["de-allerbruecker-tageblatt", "gb-portwick-courier", "jp-shioura-shimbun"]
CHOSEN = [PAPERS[0], PAPERS[2]]
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
        "video_page, jp-shioura-shimbun: 5 words beside the video 127.0.0.1:",
        "presswatch extract 'jp-shioura-shimbun/",
    ),
    "topics": ("Sanctions 45% (26% – 66%) 9 of 20", "In the picture, grey: nothing is known"),
}
"""What the artifacts of a run of CHOSEN say."""
SCHEDULED = FlowRunFilterStateName(any_=["Scheduled"])


class Watched:
    """A page of the UI, what it asked of whom, and what it complained about."""

    def __init__(self, browser: Browser, served: Served, shots: Path | None) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(PATIENCE)
        self.start = f"http://127.0.0.1:{served.port}/v2"
        self.shots = shots
        if shots:
            shots.mkdir(parents=True, exist_ok=True)
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.on("pageerror", lambda error: self.said.append(f"thrown: {error}"))
        self.page.on("console", lambda told: self.said.append(f"{told.type}: {told.text}"))

    def shoot(self, name: str) -> None:
        """Wait until nothing on the page is awaited; where wanted, keep a picture of all of it."""
        expect(self.page.locator(".animate-pulse")).to_have_count(0)
        if self.shots:
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


def runs_and_deployments(served: Served) -> tuple[int, int]:
    """How many runs were started by hand, and how many deployments there are."""
    with served.client() as client:
        runs = [one for one in client.read_flow_runs() if not one.auto_scheduled]
        return len(runs), len(client.read_deployments())
