"""`presswatch serve` and its runs, hit in the middle: the next run goes on by itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tasks.upkeep.retention import drop_snapshots
from tests.faults.held_papers import STUCK_SECONDS, Desk
from tests.support.loopback import Loopback
from tests.support.serving import START_SECONDS, pids_of, until, until_gone
from tests.support.small_disk import SmallDisk
from warehouse.layers.writer_lock import writer_lock

pytestmark = pytest.mark.slow
PAPERS = [
    *("unheard", "flow", "worker", "both", "pending", "load", "feed", "silent", "stranger"),
    *("disk-fetch", "disk-parquet", "disk-load", "disk-publish"),
    *("server", "serve", "reboot"),
]
ONCE, HELD_PAGE_AGAIN = (1, 1, 1, 1, 1), (1, 1, 2, 1, 1)  # Requests for each page
HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Desk]:
    with Loopback() as web:
        desk = Desk(tmp_path_factory.mktemp("crashes"), web, PAPERS)
        try:
            desk.served.start()
            desk.leave_undisturbed()
            yield desk
        finally:
            if desk.served.process and desk.served.process.poll() is None:
                desk.served.stop()
            for disk in desk.disks.values():
                disk.unmount()
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write("\n".join(["", *desk.times, ""]))


def kill(*processes: int) -> float:
    """Kill them; the moment."""
    since = time.monotonic()
    for process in processes:
        os.kill(process, signal.SIGKILL)
    return since


def test_a_run_at_the_terminal_dies_unheard(desk: Desk) -> None:
    paper = desk.papers["unheard"]
    with paper.held():
        run = desk.ingest("--only", paper.id)
        until("the page that is held back is asked for", paper.is_asked, START_SECONDS)
        run.kill()
        desk.died = datetime.now(UTC)
        run.wait()


def test_the_flow(desk: Desk) -> None:
    paper = desk.papers["flow"]
    with desk.in_the_middle(paper) as run:
        since = kill(desk.flow(run))
    desk.ends("kill -9 of the run's process", paper, run, since, "Crashed", asked=HELD_PAGE_AGAIN)


def test_the_worker(desk: Desk) -> None:
    paper = desk.papers["worker"]
    with desk.in_the_middle(paper) as run:
        since = kill(desk.served.pid("worker"))
    # How often the pages are asked for varies: the run goes on until serve has seen its worker end.
    desk.ends("kill -9 of the worker", paper, run, since, "Crashed")


def test_the_worker_and_its_flow(desk: Desk) -> None:
    paper = desk.papers["both"]
    with desk.in_the_middle(paper) as run:
        since = kill(desk.served.pid("worker"), desk.flow(run))
    desk.ends("kill -9 of worker and run", paper, run, since, "Crashed", asked=HELD_PAGE_AGAIN)


def test_the_worker_before_the_run_has_begun(desk: Desk) -> None:
    paper = desk.papers["pending"]
    paper.open()
    run = desk.served.begin(only=[paper.id])
    until("it is taken", lambda: desk.served.run(run).state_type == "PENDING", START_SECONDS)
    since = kill(desk.served.pid("worker"), *pids_of(f"FLOW_RUN_ID={run}"))
    desk.ends("kill -9 of both before the run begins", paper, run, since, "Completed", asked=ONCE)


def test_the_worker_is_ended_in_the_middle_of_a_load(desk: Desk) -> None:
    paper = desk.papers["load"]
    with writer_lock(desk.layout):
        paper.open()
        run = desk.served.begin(only=[paper.id])
        until("it loads", lambda: desk.is_at(run, "load", "Running"), START_SECONDS)
        since = time.monotonic()
        os.kill(desk.served.pid("worker"), signal.SIGTERM)
        until_gone(f"FLOW_RUN_ID={run}")
    desk.ends("SIGTERM of the worker in a load", paper, run, since, "Crashed", asked=ONCE)


def test_the_network_goes_in_mid_feed(desk: Desk) -> None:
    cut, silent = desk.papers["feed"], desk.papers["silent"]
    cut.cut_feed()
    silent.go_silent()
    since = time.monotonic()
    run = desk.served.begin(only=[cut.id, silent.id])
    desk.served.ended(run)
    silent.come_back()
    cut.come_back()
    desk.ends("network gone in mid-feed", cut, run, since, "Partial", asked=ONCE)
    desk.hit.append(silent)


def test_a_stranger_holds_the_writers_file(desk: Desk) -> None:
    paper = desk.papers["stranger"]
    desk.layout.writer.parent.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(desk.layout.writer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as stranger:
        assert stranger.stdout
        stranger.stdout.readline()
        paper.open()
        run = desk.served.begin(only=[paper.id])
        until("it waits", lambda: desk.is_at(run, "load", "AwaitingRetry"), START_SECONDS)
        since = time.monotonic()
        stranger.communicate()
    desk.ends("a stranger has the writer's file", paper, run, since, "Completed", asked=ONCE)


def disk_of(desk: Desk, where: str) -> SmallDisk:
    if where not in desk.disks:
        pytest.skip("needs root, to mount a small tmpfs")
    return desk.disks[where]


def test_the_disk_is_full_in_fetching(desk: Desk) -> None:
    disk, paper = disk_of(desk, "fetch"), desk.papers["disk-fetch"]
    with desk.in_the_middle(paper) as run:
        since = time.monotonic()
        disk.fill()
    desk.ends("full disk: archive", paper, run, since, "Failed", asked=HELD_PAGE_AGAIN)
    disk.free()


@pytest.mark.parametrize(
    ("where", "step"), [("parquet", "load"), ("load", "load"), ("publish", "publish")]
)
def test_the_disk_is_full(desk: Desk, where: str, step: str) -> None:
    paper = desk.papers[f"disk-{where}"]
    disk = disk_of(desk, "parquet" if where == "parquet" else "warehouse")
    leaving = 0
    if where == "publish":
        # Over an old snapshot the next one would be written in place.
        drop_snapshots(desk.layout, datetime.now(UTC))
        desk.layout.spare.unlink(missing_ok=True)
        leaving = desk.layout.writer.stat().st_size // 2
    disk.fill(leaving)
    paper.open()
    run = desk.served.begin(only=[paper.id])
    until("it waits", lambda: desk.is_at(run, step, "AwaitingRetry"), START_SECONDS)
    since = time.monotonic()
    disk.free()
    desk.ends(f"full disk: {where}", paper, run, since, "Completed", asked=ONCE)


def test_the_run_that_died_unheard_is_marked(desk: Desk) -> None:
    """By the automation, since nobody but the server had heard of it."""
    assert desk.died, "only after the test that lets it die"
    run = until("it is marked", lambda: desk.unpooled("Crashed"), STUCK_SECONDS)
    assert run.state
    seconds = (run.state.timestamp - desk.died).total_seconds()
    assert seconds < STUCK_SECONDS
    since = time.monotonic() - (datetime.now(UTC) - desk.died).total_seconds()
    paper = desk.papers["unheard"]
    what = "kill -9 of an ingest at the terminal"
    desk.ends(what, paper, run.id, since, "Crashed", asked=HELD_PAGE_AGAIN)


def test_the_server(desk: Desk) -> None:
    paper = desk.papers["server"]
    with desk.in_the_middle(paper) as run:
        since = kill(desk.served.pid("server"))
    until("the server is back", desk.answers, START_SECONDS)
    desk.ends("kill -9 of the Prefect server", paper, run, since, "Completed", asked=ONCE)


def test_the_next_run_makes_all_of_them_whole(desk: Desk) -> None:
    desk.next_run_completes()


def test_serve_itself(desk: Desk) -> None:
    paper = desk.papers["serve"]
    with desk.in_the_middle(paper) as run:
        assert desk.served.process
        since = kill(desk.served.process.pid)
        desk.served.process.wait()
        until_gone(str(desk.layout.root), seconds=START_SECONDS)
        desk.served.start()
    desk.ends("kill -9 of presswatch serve", paper, run, since, "Crashed", asked=HELD_PAGE_AGAIN)


def test_the_machine_is_started_again(desk: Desk) -> None:
    paper = desk.papers["reboot"]
    with desk.in_the_middle(paper) as run:
        assert desk.served.process
        since = kill(*pids_of(str(desk.layout.root)))
        desk.served.process.wait()
    desk.served.start()
    desk.ends(
        "everything killed at once, serve again",
        paper,
        run,
        since,
        "Crashed",
        asked=HELD_PAGE_AGAIN,
    )
    desk.next_run_completes()
