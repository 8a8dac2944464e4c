"""`presswatch serve` and its runs, hit in the middle: the next run goes on by itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from flows.processes.ctrl_c import MESSAGE
from tasks.upkeep.retention import drop_snapshots
from tests.faults.held_papers import STUCK_SECONDS, Desk
from tests.support.loopback import Loopback
from tests.support.serving import START_SECONDS, Served, pids_of, wait_for, wait_until_no_process
from tests.support.small_disk import SmallDisk
from warehouse.layers.writer_lock import writer_lock

pytestmark = pytest.mark.slow
PAPERS = [
    *("unheard", "flow", "worker", "both", "pending", "load", "feed", "silent", "stranger"),
    *("disk-fetch", "disk-parquet", "disk-warehouse"),
    *("server", "serve", "reboot", "hurried"),
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
    prefect_api: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
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


@contextmanager
def stopped(served: Served) -> Iterator[None]:
    """Let `serve` do nothing while the body runs."""
    assert served.process
    served.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        served.process.send_signal(signal.SIGCONT)


@pytest.mark.soak
def test_a_run_at_the_terminal_dies_unheard(desk: Desk) -> None:
    paper = desk.papers["unheard"]
    with paper.held():
        run = desk.ingest("--only", paper.id)
        wait_for("the page that is held back is asked for", paper.is_asked, START_SECONDS)
        run.kill()
        desk.died = datetime.now(UTC)
        run.wait()


def test_the_flow(desk: Desk) -> None:
    paper = desk.papers["flow"]
    with desk.in_the_middle(paper) as run:
        since = kill(desk.flow(run))
    desk.ends("kill -9 of the run's process", paper, run, since, "Crashed", asked=HELD_PAGE_AGAIN)


@pytest.mark.soak
def test_the_worker_is_ended_in_the_middle_of_a_load(desk: Desk) -> None:
    paper = desk.papers["load"]
    with writer_lock(desk.layout):
        paper.open()
        run = desk.begin(paper)
        wait_for("it loads", lambda: desk.is_at(run, "load", "Running"), START_SECONDS)
        since = time.monotonic()
        os.kill(desk.served.pid("worker"), signal.SIGTERM)
        wait_until_no_process(f"FLOW_RUN_ID={run}")
    desk.ends("SIGTERM of the worker in a load", paper, run, since, "Crashed", asked=ONCE)


@pytest.mark.soak
def test_the_worker(desk: Desk) -> None:
    """One run ends with its worker, another is killed beside it, and a third has not begun.

    The third leaves nothing to do for the runs below, which load their own pages.
    """
    goes_on, killed, pending = (desk.papers[name] for name in ("worker", "both", "pending"))
    with desk.in_the_middle(goes_on) as first, desk.in_the_middle(killed) as second:
        pending.open()
        third = desk.begin(pending)
        wait_for(
            "it is taken", lambda: desk.served.run(third).state_type == "PENDING", START_SECONDS
        )
        with_it = (desk.flow(second), *pids_of(f"FLOW_RUN_ID={third}"))
        with stopped(desk.served):
            since = kill(desk.served.pid("worker"), *with_it)
            wait_until_no_process(f"FLOW_RUN_ID={first}")
    desk.ends("kill -9 of the worker", goes_on, first, since, "Crashed", asked=HELD_PAGE_AGAIN)
    what = "kill -9 of worker and run"
    desk.ends(what, killed, second, since, "Crashed", asked=HELD_PAGE_AGAIN)
    what = "kill -9 of both before the run begins"
    desk.ends(what, pending, third, since, "Completed", asked=ONCE)


@pytest.mark.soak
def test_the_network_goes_in_mid_feed_and_a_stranger_holds_the_writers_file(desk: Desk) -> None:
    cut, silent, whole = (desk.papers[name] for name in ("feed", "silent", "stranger"))
    cut.cut_feed()
    silent.go_silent()
    whole.open()
    desk.layout.writer.parent.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(desk.layout.writer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as stranger:
        assert stranger.stdout
        stranger.stdout.readline()
        since = time.monotonic()
        run = desk.begin(cut, silent, whole)
        wait_for("it waits", lambda: desk.is_at(run, "load", "AwaitingRetry"), START_SECONDS)
        let_go = time.monotonic()
        stranger.communicate()
    message = desk.ends("network gone in mid-feed", cut, run, since, "Partial", asked=ONCE)
    assert message.startswith(f"1 of 3 sources failed; {cut.id}: "), message
    desk.ends("a stranger has the writer's file", whole, run, let_go, "Partial", asked=ONCE)
    desk.is_whole(whole)
    silent.come_back()
    cut.come_back()
    desk.hit.append(silent)


def disk_of(desk: Desk, where: str) -> SmallDisk:
    if where not in desk.disks:
        pytest.skip("needs root, to mount a small tmpfs")
    return desk.disks[where]


@pytest.mark.soak
def test_the_disk_is_full_in_a_load_and_in_publishing(desk: Desk) -> None:
    disk, paper = disk_of(desk, "warehouse"), desk.papers["disk-warehouse"]
    # Over an old snapshot the next one would be written in place.
    drop_snapshots(desk.layout, datetime.now(UTC))
    desk.layout.spare.unlink(missing_ok=True)
    enough_to_load = desk.layout.writer.stat().st_size // 2
    disk.fill()
    paper.open()
    run = desk.begin(paper)
    wait_for("the load waits", lambda: desk.is_at(run, "load", "AwaitingRetry"), START_SECONDS)
    disk.free()
    disk.fill(enough_to_load)
    wait_for("publishing waits", lambda: desk.is_at(run, "publish", "AwaitingRetry"), START_SECONDS)
    since = time.monotonic()
    disk.free()
    desk.ends("full disk: load, then publish", paper, run, since, "Completed", asked=ONCE)


@pytest.mark.soak
def test_the_disks_are_full_in_fetching_and_of_the_articles(desk: Desk) -> None:
    archive, articles = disk_of(desk, "fetch"), disk_of(desk, "parquet")
    lost, loaded = desk.papers["disk-fetch"], desk.papers["disk-parquet"]
    articles.fill()
    loaded.open()
    with desk.in_the_middle(lost, loaded) as run:
        since = time.monotonic()
        archive.fill()
    wait_for("it waits", lambda: desk.is_at(run, "load", "AwaitingRetry"), START_SECONDS)
    freed = time.monotonic()
    articles.free()
    message = desk.ends("full disk: archive", lost, run, since, "Partial", asked=HELD_PAGE_AGAIN)
    assert message.startswith(f"1 of 2 sources failed; {lost.id}: "), message
    archive.free()
    desk.ends("full disk: parquet", loaded, run, freed, "Partial", asked=ONCE)
    desk.is_whole(loaded)


@pytest.mark.soak
def test_the_run_that_died_unheard_is_marked(desk: Desk) -> None:
    """By the automation, since nobody but the server had heard of it."""
    assert desk.died, "only after the test that lets it die"
    run = wait_for("it is marked", lambda: desk.unpooled("Crashed"), STUCK_SECONDS)
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
    wait_for("the server is back", desk.answers, START_SECONDS)
    desk.ends("kill -9 of the Prefect server", paper, run, since, "Completed", asked=ONCE)


def test_serve_itself(desk: Desk) -> None:
    paper = desk.papers["serve"]
    with desk.in_the_middle(paper) as run:
        assert desk.served.process
        since = kill(desk.served.process.pid)
        desk.served.process.wait()
        wait_until_no_process(str(desk.layout.root), seconds=START_SECONDS)
        desk.served.start()
    desk.ends("kill -9 of presswatch serve", paper, run, since, "Crashed", asked=HELD_PAGE_AGAIN)
    desk.next_run_completes()


@pytest.mark.soak
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


@pytest.mark.soak
def test_serve_is_hurried_with_its_runs(desk: Desk) -> None:
    """By a second Ctrl-C; what one does is seen in tests/server/test_serve.py."""
    served = desk.served
    assert served.process
    before = len(served.out.read_text())
    with desk.in_the_middle(desk.papers["hurried"]):
        served.process.send_signal(signal.SIGINT)
        wait_for("it is stopping", lambda: "stopping" in served.out.read_text()[before:])
        assert served.stop(signal.SIGINT) == 130
    said = served.out.read_text()[before:]
    assert said.splitlines()[-1] == MESSAGE
    assert "Traceback" not in said
    assert pids_of(str(desk.layout.root)) == []
