"""`presswatch serve` from start to stop, with Prefect's UI in a real browser, as operators use it.

With PRESSWATCH_SCREENSHOTS, screenshots and what the pages wrote on their console go there.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import SCHEDULE_TYPES, IntervalSchedule
from prefect.exceptions import PrefectHTTPStatusError
from prometheus_client.parser import text_string_to_metric_families

from flows.processes.ctrl_c import MESSAGE
from flows.runs.prefect_settings import POOL
from tasks.locks.source_locks import source_lock
from tasks.report.run_summary import RunFigures, ledger_page, rejections_page, topics_page
from tests.flows.test_run_page import LONG, RUN, collected, rejected
from tests.support.build_warcs import news, write_warc
from tests.support.chromium import chromium
from tests.support.dask_cluster import DaskCluster
from tests.support.loopback import Loopback, http, slow_source
from tests.support.prefect_database import WITHOUT_BLOCKS
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import Served, pids_of, wait_for
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
from warehouse.read.query import query

pytestmark = pytest.mark.slow
WIDER = "panel => panel.scrollWidth - panel.clientWidth"
REBOUND = "rebound.test"
POST = {"method": "POST", "body": "{}"}
AS_JSON = {"headers": {"Content-Type": "application/json"}}
DRAWN = "picture => picture.decode().then(() => picture.naturalWidth)"


@pytest.fixture(scope="module")
def place(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def served(place: Place, dask: DaskCluster) -> Iterator[Served]:
    soon = {"PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5"}
    # As for a user who starts it for the first time.
    blocks = dict.fromkeys(WITHOUT_BLOCKS, "true")
    environment = {"PRESSWATCH_DASK": dask.address, **soon, **blocks}
    served = Served(place.files, environment, makes_database=True)
    served.start()
    yield served
    if served.process and served.process.poll() is None:
        served.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with chromium(REBOUND, "localhost") as opened:
        yield opened


@pytest.fixture(scope="module")
def ui(browser: Browser, served: Served) -> Iterator[Watched]:
    folder = os.environ.get("PRESSWATCH_SCREENSHOTS")
    watched = Watched(browser, served, Path(folder) if folder else None)
    yield watched
    if watched.shots:
        (watched.shots / "console.txt").write_text("\n".join(watched.said))


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


@pytest.mark.browser
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


@pytest.mark.browser
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


@pytest.mark.browser
@pytest.mark.parametrize("name", SAID)
def test_what_a_run_leaves_can_be_read(ui: Watched, artifacts: dict[str, str], name: str) -> None:
    ui.page.goto(artifacts[f"ingest-{name}"])
    panel = artifact(ui.page, *SAID[name])
    assert panel.evaluate(WIDER) == 0
    if name == "topics":
        assert panel.get_by_role("img").evaluate(DRAWN) > 1000
    ui.shoot(f"artifact-{name}")


@pytest.mark.browser
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


@pytest.mark.browser
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


@pytest.mark.browser
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


@pytest.mark.browser
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


@pytest.mark.browser
def test_the_pages_ask_their_own_server_only(ui: Watched) -> None:
    ui.page.goto(ui.start)
    expect(ui.page.get_by_role("link", name="Deployments")).to_be_visible()
    hosts = {urlsplit(url).hostname for url in ui.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    ui.page.goto("about:blank")  # a page of the UI asks its server again and again


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


@pytest.mark.browser
def test_a_page_of_another_origin_reads_nothing(served: Served, page: Page) -> None:
    api = f"http://127.0.0.1:{served.port}/api"
    failed = "TypeError: Failed to fetch"
    for path in ("/health", "/admin/settings", "/csrf-token?client=x"):
        assert page.evaluate(FETCH, [api + path, {}]) == failed
    assert page.evaluate(FETCH, [f"{api}/deployments/filter", POST | AS_JSON]) == failed
    logs = f"ws://127.0.0.1:{served.port}/api/logs/out"
    assert page.evaluate(SOCKET, [logs, ["prefect"], '{"type": "auth"}']) == "refused"


@pytest.mark.browser
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


@pytest.mark.browser
def test_a_page_of_another_origin_shows_none_of_the_servers(served: Served, page: Page) -> None:
    frame = f"<iframe src='http://127.0.0.1:{served.port}/v2'></iframe>"
    page.evaluate("html => { document.body.innerHTML = html }", frame)
    shown = page.frame_locator("iframe").locator("body")
    expect(shown).to_contain_text("refused to connect", timeout=60_000)


@pytest.mark.browser
def test_a_page_of_another_origin_sends_no_event(served: Served, page: Page) -> None:
    events = f"ws://127.0.0.1:{served.port}/api/events/in"
    event = {"event": "presswatch.source.silent", "resource": {"prefect.resource.id": "theirs"}}
    assert page.evaluate(SOCKET, [events, [], json.dumps(event)]) == "refused"


@pytest.mark.browser
def test_a_name_that_was_bound_to_this_machine_is_refused(served: Served, browser: Browser) -> None:
    page = browser.new_page()
    answer = page.goto(f"http://{REBOUND}:{served.port}/api/csrf-token?client=x")
    assert answer is not None
    assert (answer.status, answer.text()) == (400, "Invalid host header")
    api = f"http://{REBOUND}:{served.port}/api/deployments/filter"
    assert "Invalid host header" in page.evaluate(FETCH, [api, POST | AS_JSON])
    socket = f"ws://{REBOUND}:{served.port}/api/logs/out"
    assert page.evaluate(SOCKET, [socket, ["prefect"], '{"type": "auth"}']) == "refused"
    page.close()


@pytest.mark.browser
def test_the_pages_of_the_server_start_a_run_by_its_other_name(
    served: Served, browser: Browser
) -> None:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"http://localhost:{served.port}/v2/deployments")
    before = runs_and_deployments(served)[0]
    with served.client() as client:  # The run that it makes does nothing for the test.
        client.update_work_pool(POOL, WorkPoolUpdate(is_paused=True))
    page.get_by_role("link", name="recount").first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Quick run").click()
    expect(page.get_by_role("link", name="View run")).to_be_visible(timeout=60_000)
    page.close()
    wait_for("a run was started", lambda: runs_and_deployments(served)[0] > before)
    with served.client() as client:
        recount = client.read_deployment_by_name("recount/recount").id
        (made,) = [one for one in client.read_flow_runs() if one.deployment_id == recount]
        client.delete_flow_run(made.id)
        client.update_work_pool(POOL, WorkPoolUpdate(is_paused=False))


def test_deployments_and_forms(served: Served) -> None:
    with served.client() as client:
        found = {one.name: one for one in client.read_deployments()}
        flows = {one.name: client.read_flow(one.flow_id).name for one in found.values()}
    assert {
        "backfill",
        "history",
        "ingest",
        "maintain",
        "rebuild",
        "recount",
        "repair",
        "report",
    } == flows.keys()
    assert all(name == flow for name, flow in flows.items())
    for one in found.values():
        assert one.description
        assert one.tags
        assert one.version
    form = form_of(found["ingest"])
    assert sorted(form["only"]["items"]["enum"]) == PAPERS
    assert list(form) == ["only", "since_days", "max_new", "due_only"]
    assert all(field["description"] for field in form.values())
    assert form["since_days"]["minimum"] == 0
    assert form_of(found["rebuild"])["layer"]["enum"] == ["warehouse", "articles"]


def form_of(deployment: DeploymentResponse) -> dict[str, Any]:
    """The fields of the form in which a person starts a run of it."""
    assert deployment.parameter_openapi_schema
    fields: dict[str, Any] = deployment.parameter_openapi_schema["properties"]
    return fields


@pytest.mark.parametrize(
    ("deployment", "given", "why"),
    [
        ("ingest/ingest", {"only": ["gb-nobody"]}, "gb-portwick-courier"),
        ("ingest/ingest", {"since_days": 99_999_999_999}, "maximum of 36500"),
        ("ingest/ingest", {"since_days": -1}, "minimum of 0"),
        ("ingest/ingest", {"max_new": 1.5}, "is not of type"),
        ("backfill/backfill", {"warcs": []}, "should be non-empty"),
        ("backfill/backfill", {"warcs": ["a"], "since": "2026-13-01"}, "does not match"),
        ("backfill/backfill", {"warcs": ["a"], "processes": 5000}, "maximum of 1024"),
        ("rebuild/rebuild", {"layer": "everything"}, "'articles'"),
        ("ingest/ingest", {"data": "/somewhere"}, "'data' was unexpected"),
        ("recount/recount", {"topics_file": "/etc/passwd"}, "'topics_file' was unexpected"),
        ("report/report", {"sources_file": "/etc/passwd"}, "'sources_file' was unexpected"),
    ],
)
def test_a_wrong_value_is_refused_before_a_run_begins(
    served: Served, deployment: str, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(PrefectHTTPStatusError) as refused:
        served.begin(deployment, **given)
    assert why in refused.value.response.text


def test_an_alert_that_nobody_gets_says_so(served: Served) -> None:
    with served.client() as client:
        (found,) = client.read_automations_by_name("presswatch: a run crashed")
    assert found.description.endswith("Nothing is sent: there is no block presswatch-alerts.")


def test_a_run_by_hand_waits_its_turn_and_says_so(served: Served, place: Place) -> None:
    with source_lock(place.layout, PAPERS[0], "run-x"):
        run = served.begin(only=PAPERS)
        why = f"ingest, waiting: {PAPERS[0]} is being collected by run run-x"
        wait_for("it waits", lambda: served.run(run).name == why)
        metrics = httpx.get(f"http://127.0.0.1:{served.port}/metrics", timeout=30).text
        assert 'presswatch_waiting_runs{for="source"} 1.0' in metrics
        assert served.state(run) == "Running"
    done = served.ended(run)
    assert done.state
    assert done.state.is_completed()
    assert done.name.startswith("ingest 3 sources, ")
    articles = query(place.layout, "SELECT count(*) AS n FROM articles").to_pylist()
    assert articles == [{"n": 43}]


def test_what_a_run_leaves_is_readable(served: Served) -> None:
    """That of the run by hand."""
    with served.client() as client:
        (run,) = [one for one in client.read_flow_runs() if one.name.startswith("ingest 3 sources")]
        answer = client.request("POST", "/artifacts/filter", json={}).json()
    found = {one["key"]: one["data"] for one in answer if one["flow_run_id"] == str(run.id)}
    assert "gb-portwick-courier | 26 | 26 | 22" in found["ingest-ledger"]
    assert "| Sanctions |" in found["ingest-new"]
    assert "section\\_page" in found["ingest-rejections"]
    assert "`presswatch extract 'gb-portwick-courier/" in found["ingest-rejections"]
    assert "data:image/png" in found["ingest-topics"]


def test_metrics_are_for_programs_of_this_machine(served: Served) -> None:
    url = f"http://127.0.0.1:{served.port}/metrics"
    answer = httpx.get(url, timeout=30)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    said = {one.name: one.samples for one in text_string_to_metric_families(answer.text)}
    # Of the snapshot, of the last run, and of now.
    counted = {one.labels["source"]: one.value for one in said["presswatch_source_articles"]}
    assert counted["gb-portwick-courier"] == 22
    stages = {one.labels["stage"] for one in said["presswatch_run_stage_duration_seconds"]}
    assert "collect" in stages
    assert {one.labels["for"] for one in said["presswatch_waiting_runs"]} == {"worker", "source"}
    assert len(said["presswatch_disk_free_bytes"]) == 1
    statuses = [
        httpx.get(url, headers={"Host": "rebound.test"}, timeout=30).status_code,
        httpx.get(url, headers={"Origin": "http://127.0.0.1:1"}, timeout=30).status_code,
        httpx.post(url, timeout=30).status_code,
    ]
    assert statuses == [400, 403, 405]


def test_a_program_changes_nothing_without_a_token(served: Served) -> None:
    url = f"http://127.0.0.1:{served.port}/api/flows/"
    answer = httpx.post(url, json={"name": "theirs"}, timeout=30)
    assert (answer.status_code, answer.json()) == (403, {"detail": "Missing CSRF token."})


def test_runs_fire_by_themselves_and_leave_out_what_is_busy(served: Served, place: Place) -> None:
    with served.client() as client:
        one = client.read_deployment_by_name("ingest/ingest")
        # Each run takes seven seconds of CPU: the first one soon, and as few more as there can be.
        soon = datetime.now(UTC) + timedelta(seconds=10)
        often: SCHEDULE_TYPES = IntervalSchedule(interval=timedelta(minutes=1), anchor_date=soon)
        (made,) = client.create_deployment_schedules(one.id, [(often, True)])
    try:
        with ExitStack() as held:
            for paper in PAPERS:
                held.enter_context(source_lock(place.layout, paper, "run-x"))
            state = wait_for("a run is skipped", lambda: fired(served, "Skipped"), 300)
            assert state == "run run-x is collecting " + ", ".join(PAPERS)
        loaded = wait_for("a run completes", lambda: fired(served, "Completed"), 300)
        assert loaded.startswith("loaded: 0 new articles, 0 revised, 0 mentions")
    finally:
        with served.client() as client:
            client.delete_deployment_schedule(one.id, made.id)


def fired(served: Served, name: str) -> str:
    """The message of a run that the schedule made and that ended in a state of that name."""
    # By its state: a hundred later runs of the schedule are made ahead.
    state = FlowRunFilterState(name=FlowRunFilterStateName(any_=[name]))
    with served.client() as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=state))
    ended = [run.state for run in runs if run.auto_scheduled and run.state]
    return next((state.message or name for state in ended), "")


@pytest.mark.soak
def test_a_backfill_by_hand_goes_to_the_dask_cluster(
    served: Served, place: Place, dask: DaskCluster, tmp_path: Path
) -> None:
    warc = write_warc(tmp_path / "a.warc.gz", news(3, 12))
    dask.worker("north")
    run = served.begin("backfill/backfill", warcs=[str(warc)])
    state = served.ended(run).state
    assert state
    assert state.is_completed()
    asked = {"logs": {"flow_run_id": {"any_": [str(run)]}}}
    with served.client() as client:
        said = [one["message"] for one in client.request("POST", "/logs/filter", json=asked).json()]
    assert f"refining on {dask.address}, 1 shard at once" in said
    found = "SELECT count(*) AS n FROM articles WHERE source_id LIKE 'archive-%'"
    assert query(place.layout, found).to_pylist() == [{"n": 12}]


@contextmanager
def another_source(place: Place, entry: str) -> Iterator[None]:
    text = place.sources.read_text()
    place.sources.write_text(f"{text}\n{entry}")
    try:
        yield
    finally:
        place.sources.write_text(text)


def offered(served: Served) -> list[str]:
    """The sources among which the form of ingest lets one choose."""
    with served.client() as client:
        one = client.read_deployment_by_name("ingest/ingest")
    return list(form_of(one)["only"]["items"]["enum"])


def test_the_port_is_taken(served: Served, place: Place) -> None:
    twice = Served(place.files, {})
    twice.command[twice.command.index("--port") + 1] = str(served.port)
    done = subprocess.run(
        twice.command, env=twice.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"127.0.0.1:{served.port} cannot be used (Address already in use):"
        " is Presswatch served already?\n"
    )


def test_serving_names_its_server_before_prefect_is_imported() -> None:
    modules = "flows.cli.app, flows.server.serve"
    check = f"import sys, {modules}; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_stopped_in_the_middle_and_started_again(
    served: Served, place: Place, web: Loopback
) -> None:
    """The last test of the server: it leaves all schedules paused."""
    with served.client() as client:
        for one in client.read_deployments():
            for schedule in one.schedules:
                client.update_deployment_schedule(one.id, schedule.id, active=False)
    with (
        source_lock(place.layout, PAPERS[0], "run-x"),
        another_source(place, slow_source(web)),
    ):
        wait_for("the slow one is offered", lambda: "xx-slow" in offered(served))
        runs = [served.begin(only=[paper]) for paper in (PAPERS[0], "xx-slow")]
        wait_for("one waits", lambda: "waiting" in served.run(runs[0]).name)
        wait_for("one collects", lambda: web.requests("/feed"), 120)
        assert served.stop(signal.SIGINT) == 130
    assert pids_of(str(place.data)) == []
    said = served.out.read_text()
    assert "stopping" in said
    assert said.splitlines()[-1] == MESSAGE
    assert "Traceback" not in said
    # It deploys again as it starts.
    served.start()
    with served.client() as client:
        schedules = [schedule for one in client.read_deployments() for schedule in one.schedules]
    assert [one.active for one in schedules] == [False] * 3
    for done in map(served.run, runs):
        assert done.state
        assert done.state.name == "Crashed"
        assert done.state.message == "presswatch serve was stopped"
