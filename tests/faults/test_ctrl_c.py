"""Ctrl-C at a terminal, at any moment of any command: one line, status 130, no process left.

Of `presswatch serve` with runs: tests/server/test_serve.py, and twice in test_serve_crashes.py.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.processes.child import Child
from flows.processes.ctrl_c import MESSAGE
from tests.support.build_warcs import news as archived_news
from tests.support.build_warcs import write_warc
from tests.support.loopback import Loopback, slow_source
from tests.support.ports import free_port
from tests.support.prefect_database import put_database, without_prefect
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import ROOT, pids_of, wait_for

pytestmark = pytest.mark.slow
AUTH = "PREFECT_API_AUTH_STRING"
PASSWORD = os.environ[AUTH]  # That of the tests' own server
SECONDS = 30  # within which all has to be over, also on a busy machine


class Terminal:
    """Commands in process groups of their own, which Ctrl-C signals as a whole."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.home = root, home
        self.environment = {
            **without_prefect(),
            "PREFECT_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
        }
        self.said = root / "stderr"
        self.run: subprocess.Popen[bytes]

    def start(self, *words: object, **others: str) -> None:
        """Start a command; `others` are more variables of its environment."""
        command = [sys.executable, "-m", "flows", *map(str, words)]
        with self.said.open("wb") as said:
            self.run = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment | others,
                stdout=said,
                stderr=said,
                start_new_session=True,
                # A test that runs in the background would pass on that SIGINT is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def wait_for(self, what: str, there: Callable[[], object]) -> None:
        def asked() -> bool:
            assert self.run.poll() is None, self.said.read_text()
            return bool(there())

        wait_for(what, asked, 120)

    def press(self, how: signal.Signals = signal.SIGINT) -> None:
        os.killpg(self.run.pid, how)

    def ends(self) -> str:
        """Wait until it has ended by Ctrl-C and left no process; what it said."""
        status = self.run.wait(SECONDS)
        said = self.said.read_text()
        assert status == 130, said
        assert said.splitlines()[-1] == MESSAGE
        assert said.count(MESSAGE) == 1
        assert "Traceback" not in said
        self.leaves_nothing()
        return said

    def leaves_nothing(self) -> None:
        wait_for("its processes are gone", lambda: not self.processes(), SECONDS)

    def processes(self) -> list[int]:
        return pids_of(str(self.home))

    def server(self) -> list[int]:
        return pids_of("uvicorn", str(self.home)) or pids_of("server start", str(self.home))


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    home = tmp_path_factory.mktemp("prefect")
    put_database(home)
    terminal = Terminal(tmp_path_factory.mktemp("terminal"), home)
    yield terminal
    for running in terminal.processes():
        os.kill(running, signal.SIGKILL)


def options(place: Place) -> list[str]:
    files = place.files
    named = ["--sources", files["sources_file"], "--topics", files["topics_file"]]
    return [*named, "--data", files["data"]]


# The name of the command is not read before the imports, which are the same for all.
@pytest.mark.parametrize("command", ["ingest", "serve"])
def test_while_it_imports(terminal: Terminal, tmp_path: Path, command: str) -> None:
    more = ["--port", free_port()] if command == "serve" else []
    terminal.start(command, *more, "--data", tmp_path / "data")
    # The thread that waits for Ctrl-C is the second one.
    tasks = Path(f"/proc/{terminal.run.pid}/task")
    terminal.wait_for("Ctrl-C is handled", lambda: len([*tasks.iterdir()]) > 1)
    terminal.press()
    assert terminal.ends() == f"{MESSAGE}\n"


def test_while_the_temporary_server_starts(terminal: Terminal, tmp_path: Path) -> None:
    place = Place(tmp_path)
    terminal.start("ingest", *options(place))
    terminal.wait_for("its server starts", terminal.server)
    terminal.press()
    assert terminal.ends() == f"{MESSAGE}\n"


@pytest.fixture
def slow(web: Loopback, tmp_path: Path) -> Place:
    """An installation whose only feed never ends."""
    place = Place(tmp_path)
    place.sources.write_text(slow_source(web))
    return place


def test_while_it_collects(terminal: Terminal, web: Loopback, slow: Place) -> None:
    terminal.start("ingest", *options(slow))
    terminal.wait_for("it collects", lambda: web.requests("/feed"))
    terminal.press()
    assert terminal.ends().count("\n") == 2  # the other line says that the run began


def test_a_killed_command_leaves_no_server(terminal: Terminal, web: Loopback, slow: Place) -> None:
    terminal.start("ingest", *options(slow))
    terminal.wait_for("it collects", lambda: web.requests("/feed"))
    assert terminal.server()
    terminal.run.kill()
    terminal.run.wait()
    terminal.leaves_nothing()


@pytest.mark.parametrize(
    ("command", "moment"),
    [
        ("ingest", "stage/*/*"),
        pytest.param("ingest", "warehouse/writer/*", marks=pytest.mark.soak),
        ("backfill", "stage/shards/*"),
    ],
)
def test_while_it_refines_and_loads(
    terminal: Terminal,
    newsroom: Newsroom,
    prefect_api: str,
    tmp_path: Path,
    command: str,
    moment: str,
) -> None:
    place = Place(tmp_path)
    words = [command, *options(place)]
    if command == "backfill":
        words.append(str(write_warc(tmp_path / "a.warc.gz", archived_news(5, 400))))
    # A temporary server takes 2.5 s of CPU: test_while_it_collects has one.
    terminal.start(*words, **{"PREFECT_API_URL": prefect_api, AUTH: PASSWORD})
    terminal.wait_for(moment, lambda: [*place.data.glob(moment)])
    terminal.press()
    terminal.ends()
    if moment == "stage/*/*":
        place.ingest()
        assert place.ask("SELECT count(*) AS n FROM articles") == [{"n": 43}]


def test_serve_ends_while_its_server_starts(terminal: Terminal, tmp_path: Path) -> None:
    terminal.start("serve", *options(Place(tmp_path)), "--port", free_port())
    terminal.wait_for("its server starts", terminal.server)
    terminal.press()
    terminal.ends()


def test_a_process_ends_by_a_signal_that_its_starter_ignores(tmp_path: Path) -> None:
    ended = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"]
    child = Child("worker", ended, dict(os.environ), tmp_path / "worker.log")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child.start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert child.process is not None
    assert child.process.wait(20) == -signal.SIGINT
