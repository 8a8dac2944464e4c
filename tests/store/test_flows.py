"""The whole way with an S3 store: the command, flows that are killed, a store that is gone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import FlowRunSort
from typer.testing import CliRunner, Result

from flows.backfill import backfill
from flows.cli.app import app
from flows.maintain import maintain
from flows.rebuild import rebuild
from tasks.installation import Installation
from tasks.load import load_run
from tasks.load.load_run import LoadReport, load
from tasks.load.task import load_runs, publish_snapshot
from tasks.model import RunFailed
from tasks.settings import Settings
from tasks.upkeep.verification import verify
from tests.support.build_warcs import news, write_warc
from tests.support.killed_runs import lasting, start
from tests.support.machines import RUN_SECONDS
from tests.support.prefect_database import put_database
from tests.support.s3 import whole
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import wait_for, wait_until_gone
from tests.support.staged_pages import SOURCES, TOPICS, Page, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import query
from warehouse.store import lease
from warehouse.store.lease import lease_sources
from warehouse.store.objects import Store
from warehouse.store.working_copy import LEASE, link_to_store, pull_unless_locked

pytestmark = pytest.mark.slow

TEXTS = "SELECT article_id, version_no, body FROM article_version_texts ORDER BY ALL"
ROWS = "SELECT COLUMNS(lambda c: c <> 'run_id') FROM {} ORDER BY ALL"

STEPS = {f"{task}/{step}" for task in ("load", "publish") for step in ("pull", "push")}


def of_store(store: Store, tmp_path: Path, name: str) -> Place:
    place = Place(tmp_path, name)
    link_to_store(place.layout, store.url)
    return place


def test_two_machines_are_one_installation(
    newsroom: Newsroom, prefect_api: str, store: Store, tmp_path: Path
) -> None:
    here, there = (of_store(store, tmp_path, name) for name in ("here", "there"))
    first = here.ingest()
    wait_for("the run's graph shows the steps of the store", lambda: shown().keys() >= STEPS)
    again = there.ingest()
    assert first.loaded.articles > 40
    assert again.loaded.articles == 0, "what the other has fetched is known"
    pull_unless_locked(here.layout)
    assert lasting(there) == lasting(here)
    assert there.ask(TEXTS) == here.ask(TEXTS)
    before = there.ask(ROWS.format("article_versions"))
    shutil.rmtree(there.layout.raw)
    rebuild("articles", **there.files)
    assert there.ask(ROWS.format("article_versions")) == before, "from archives of the other"
    assert not maintain(**there.files).verified.findings
    assert not verify(here.layout).findings
    whole(store)


def test_an_overtaken_load_is_retried_from_its_pull_and_its_graph_shows_that(
    prefect_api: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, alone = (Layout(tmp_path / name) for name in ("here", "there", "alone"))
    for layout in (here, there):
        link_to_store(layout, store.url)
    others, load_locked = [stage(there, "r2", [Page("b")])], load_run._load

    def overtaken(layout: Layout, *given: Any, **named: Any) -> LoadReport:
        report = load_locked(layout, *given, **named)
        if layout == here and others:  # the lease expires, and another machine has it for a load
            _, tag = store.read_tagged(LEASE)
            store.replace(LEASE, json.dumps({"holder": "", "beats": 0}).encode(), tag)
            load(there, TOPICS, SOURCES, [others.pop()])
        return report

    monkeypatch.setattr(load_run, "_load", overtaken)

    @flow
    def loads(layout: Layout) -> None:
        installation = Installation(Settings(data=layout.root), layout, SOURCES, TOPICS)
        run = stage(layout, "r1", [Page("a")])
        load_runs.with_options(retry_delay_seconds=0)(installation, [run])
        publish_snapshot(installation)

    loads(alone)
    wait_for("it is shown", lambda: shown() == {"load": ["COMPLETED"], "publish": ["COMPLETED"]})
    loads(here)
    steps = {
        "load": ["COMPLETED"],
        "load/pull": ["COMPLETED", "COMPLETED"],
        "load/push": ["COMPLETED", "FAILED"],
        "publish": ["COMPLETED"],
        "publish/pull": ["COMPLETED"],
        "publish/push": ["COMPLETED"],
    }
    wait_for("all steps are shown", lambda: shown() == steps)
    sql = "SELECT run_id FROM article_versions ORDER BY ALL"
    pull_unless_locked(there)
    assert query(here, sql) == query(there, sql) == pa.table({"run_id": ["r1", "r2"]})


def shown() -> dict[str, list[str]]:
    """The states of the nodes in the graph of the last flow run, by name below their parents."""
    with get_client(sync_client=True) as client:
        (last,) = client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=1)
        graph = client._client.get(f"/flow_runs/{last.id}/graph-v2").json()
    nodes, states = dict(graph["nodes"]), defaultdict(list)
    for node in nodes.values():
        names = [*(nodes[each["id"]]["label"] for each in node["encapsulating"]), node["label"]]
        states["/".join(names)].append(node["state_type"])
    return {name: sorted(found) for name, found in states.items()}


@pytest.fixture(scope="module")
def undisturbed(
    newsroom: Newsroom, prefect_api: str, tmp_path_factory: pytest.TempPathFactory
) -> Place:
    """An installation without a store, after two ingests."""
    place = Place(tmp_path_factory.mktemp("killed"), "undisturbed")
    for _ in range(2):
        place.ingest()
    return place


@pytest.mark.soak
@pytest.mark.parametrize("reached", ["articles", "warehouse"])
def test_killed_while_it_writes_the_store(
    newsroom: Newsroom,
    prefect_api: str,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: Place,
    reached: str,
) -> None:
    # the dead run is waited for
    monkeypatch.setattr(lease, "EXPIRES_SECONDS", 5.0)
    root = undisturbed.data.parent  # rows name its saved files
    place = of_store(store, root, f"killed-{reached}")
    process = start(place, prefect_api)
    wait_for("pages are fetched", lambda: list(place.layout.raw.glob("*/*")), RUN_SECONDS)
    while not next(store.list(reached), None):
        assert process.poll() is None, place.data.with_suffix(".log").read_text()
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wait_until_gone(process.pid, 15)
    whole(store)
    place.ingest()
    whole(store)
    other = of_store(store, root, f"other-{reached}")
    pull_unless_locked(other.layout)
    assert lasting(place) == lasting(other) == lasting(undisturbed)


def test_a_backfill_from_a_bucket_into_a_store(
    newsroom: Newsroom, prefect_api: str, store: Store, tmp_path: Path
) -> None:
    path = write_warc(tmp_path / "a.warc.gz", news(3, 30))
    store.write("crawl/a.warc.gz", path.read_bytes())
    here, there = (of_store(store, tmp_path, name) for name in ("here", "there"))
    done = backfill([f"{store.url}/crawl"], **here.files)
    again = backfill([f"{store.url}/crawl/*.gz"], **there.files)
    assert (done.counts["article"], done.bytes_before) == (30, 0)
    assert (again.done, again.bytes_before) == (0, path.stat().st_size)
    assert there.ask(TEXTS) == here.ask(TEXTS)
    with (
        lease_sources(here.layout, "backfill-other", ["backfill"]),
        pytest.raises(RunFailed, match="another machine's backfill is at work in the store"),
    ):
        backfill([str(path)], **there.files)
    assert not verify(there.layout).findings


def command(*words: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    put_database(Path(os.environ["PREFECT_HOME"]))
    return subprocess.run(
        [sys.executable, "-m", "flows", *words],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def sql(*words: str, **environment: str) -> Result:
    """In this process, whose imports are done."""
    return CliRunner().invoke(app, ["sql", COUNT, *words], env=environment)


COUNT = "select count(*) as n from articles"


def test_the_command_takes_an_address_for_the_data_folder(
    newsroom: Newsroom,
    prefect_api: str,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Place(tmp_path)
    files = ["--sources", str(place.sources), "--topics", place.files["topics_file"]]
    done = CliRunner().invoke(app, ["ingest", *files], env={"PRESSWATCH_DATA": store.url})
    assert done.exit_code == 0, done.stderr
    asked = sql("--data", store.url)
    (count,) = query(place.layout, COUNT).column("n").to_pylist()
    assert count > 40
    assert str(count) in asked.stdout
    shutil.rmtree(tmp_path / "data")
    again = sql(PRESSWATCH_STORE=store.url)
    assert again.stdout == asked.stdout
    demo = sql("--data", "else", PRESSWATCH_STORE=store.url)
    assert "is not there yet" in demo.stderr, "a folder that is named is not the store's"
    lost = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    told = command("sql", COUNT, cwd=tmp_path, PRESSWATCH_DATA=store.url, **lost)
    assert told.returncode == 0
    assert told.stdout == asked.stdout
    assert f"{store.url}/states" in told.stderr
    assert "reading the local copy" in told.stderr
    api = {"PREFECT_API_URL": prefect_api}
    failed = command("ingest", *files, cwd=tmp_path, PRESSWATCH_DATA=store.url, **api, **lost)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1, failed.stderr
    assert f"{store.url}/states" in failed.stderr


def test_a_wrong_address_is_reported_in_one_line() -> None:
    done = sql(PRESSWATCH_STORE="http://bucket/news")
    assert done.exit_code == 2
    assert done.stderr == (
        "PRESSWATCH_STORE: must be like s3://bucket/folder, got 'http://bucket/news'\n"
    )
