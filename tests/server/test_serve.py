"""`presswatch serve` from start to stop: what it registers, runs by hand, turns, states."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
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
from tasks.locks.source_locks import source_lock
from tests.support.build_warcs import news, write_warc
from tests.support.dask_cluster import DaskCluster
from tests.support.loopback import Loopback, slow_source
from tests.support.prefect_database import WITHOUT_BLOCKS
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import Served, pids_of, wait_for
from warehouse.read.query import query

pytestmark = pytest.mark.slow
PAPERS = ["de-allerbruecker-tageblatt", "gb-portwick-courier", "jp-shioura-shimbun"]


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


def test_stopped_in_the_middle_and_started_again(
    served: Served, place: Place, web: Loopback
) -> None:
    """The run by hand below is the next one."""
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
    assert done.name == "ingest 3 sources, 43 new"
    articles = query(place.layout, "SELECT count(*) AS n FROM articles").to_pylist()
    assert articles == [{"n": 43}]


def test_what_a_run_leaves_is_readable(served: Served) -> None:
    """That of the run by hand."""
    with served.client() as client:
        (run,) = [one for one in client.read_flow_runs() if one.name == "ingest 3 sources, 43 new"]
        answer = client.request("POST", "/artifacts/filter", json={}).json()
    found = {one["key"]: one["data"] for one in answer if one["flow_run_id"] == str(run.id)}
    assert "jp-shioura-shimbun | 11 | 11 | 10" in found["ingest-ledger"]
    assert "| Sanctions |" in found["ingest-new"]
    assert "video\\_page" in found["ingest-rejections"]
    assert "`presswatch extract 'jp-shioura-shimbun/" in found["ingest-rejections"]
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
        often: SCHEDULE_TYPES = IntervalSchedule(interval=timedelta(seconds=20))
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
