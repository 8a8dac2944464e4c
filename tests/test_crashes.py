"""`presswatch serve` and its runs, killed in the middle: the next run goes on by itself."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.crashing import Desk
from tests.loopback import Loopback
from tests.serving import until

pytestmark = pytest.mark.slow
PAPERS = ["flow", "worker", "both", "sigterm", "server", "serve", "reboot"]


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Desk]:
    with Loopback() as web:
        desk = Desk(tmp_path_factory.mktemp("crashes"), web, PAPERS)
        desk.served.start()
        try:
            desk.leave_undisturbed()
            yield desk
        finally:
            desk.served.stop()
        reporter = request.config.pluginmanager.getplugin("terminalreporter")
        for line in desk.times:
            reporter.write_line(line)


def test_the_flow_process(desk: Desk) -> None:
    paper = desk.papers["flow"]
    with desk.in_the_middle(paper) as run:
        since = time.monotonic()
        os.kill(desk.flow(run), signal.SIGKILL)
    desk.recovers("kill -9 of the flow's process", paper, run, since, "Crashed")


def test_the_worker(desk: Desk) -> None:
    paper = desk.papers["worker"]
    with desk.in_the_middle(paper) as run:
        since = time.monotonic()
        os.kill(desk.served.pid("worker"), signal.SIGKILL)
    desk.recovers("kill -9 of the worker", paper, run, since, "Completed")
    assert paper.asked() == [1] * 5


def test_the_worker_and_its_flow(desk: Desk) -> None:
    paper = desk.papers["both"]
    with desk.in_the_middle(paper) as run:
        since = time.monotonic()
        for process in (desk.served.pid("worker"), desk.flow(run)):
            os.kill(process, signal.SIGKILL)
    desk.recovers("kill -9 of both", paper, run, since, "Crashed")


def test_the_server(desk: Desk) -> None:
    paper = desk.papers["server"]
    with desk.in_the_middle(paper) as run:
        since = time.monotonic()
        os.kill(desk.served.pid("server"), signal.SIGKILL)
    until("the server is back", desk.answers, 120)
    desk.recovers("kill -9 of the Prefect server", paper, run, since, "Completed")
    assert paper.asked() == [1] * 5
