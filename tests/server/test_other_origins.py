"""What web pages of other origins can do to the server of `presswatch serve`: nothing."""

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import chromium
from tests.support.loopback import Loopback, http
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import Served, until

pytestmark = [pytest.mark.slow, pytest.mark.browser]
REBOUND = "rebound.test"
# What a page gets from a request: the text of an answer, or the error of a refused one.
FETCH = "([url, given]) => fetch(url, given).then(it => it.text()).catch(it => String(it))"
# Whether a WebSocket opens; then a message is sent and the first answer awaited.
SOCKET = """([url, protocols, message]) => new Promise(tell => {
    const socket = new WebSocket(url, protocols);
    socket.onopen = () => { socket.send(message); setTimeout(() => tell('open'), 1000); };
    socket.onerror = () => tell('refused');
})"""
POST = {"method": "POST", "body": "{}"}
AS_JSON = {"headers": {"Content-Type": "application/json"}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(REBOUND, "localhost") as opened:
        yield opened


@pytest.fixture(scope="module")
def served(
    browser: Browser, newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    served = Served(Place(tmp_path_factory.mktemp("origins")).files, {})
    served.start()
    yield served
    served.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of another origin: the same machine, another port."""
    with Loopback() as web:
        page = browser.new_page()
        page.goto(web.say("/", http(b"<html><title>Somebody else</title></html>")))
        yield page
        page.close()


def deployment(served: Served, name: str) -> str:
    with served.client() as client:
        return str(client.read_deployment_by_name(name).id)


def runs_and_deployments(served: Served) -> tuple[int, int]:
    """How many runs were started by hand, and how many deployments there are."""
    with served.client() as client:
        runs = [one for one in client.read_flow_runs() if not one.auto_scheduled]
        return len(runs), len(client.read_deployments())


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
    start = f"{api}/deployments/{deployment(served, 'report/report')}/create_flow_run"
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


def test_a_program_changes_nothing_without_a_token(served: Served) -> None:
    url = f"http://127.0.0.1:{served.port}/api/flows/"
    answer = httpx.post(url, json={"name": "theirs"}, timeout=30)
    assert (answer.status_code, answer.json()) == (403, {"detail": "Missing CSRF token."})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_pages_of_the_server_start_a_run(served: Served, browser: Browser, host: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"http://{host}:{served.port}/v2/deployments")
    before = runs_and_deployments(served)[0]
    page.get_by_role("link", name="recount").first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Quick run").click()
    expect(page.get_by_role("link", name="View run")).to_be_visible(timeout=60_000)
    until("a run was started", lambda: runs_and_deployments(served)[0] > before)
