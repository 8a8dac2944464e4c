"""For all tests: no network but loopback, and a Prefect of their own."""

import atexit
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from flows.runs import prefect_settings
from tests.support.prefect_database import FOLDER, WITHOUT_BLOCKS

# Of a shell that ignores SIGINT (`nohup make test &`) each process of the tests would inherit that:
# Prefect's worker, which ends by sending itself one, would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
HOME = tempfile.mkdtemp(prefix="presswatch-prefect-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["PREFECT_HOME"] = HOME
os.environ |= {"PREFECT_LOGGING_TO_API_ENABLED": "false"} | WITHOUT_BLOCKS
os.environ.pop("PREFECT_API_URL", None)
prefect_settings.configure()

from flows.processes.quick_imports import quick_imports  # noqa: E402 - reads the environment above
from tasks.process_pool import PagePool, page_pool  # noqa: E402
from tasks.settings import Settings  # noqa: E402
from tests.support import s3  # noqa: E402
from tests.support.daily_news import DailyNews  # noqa: E402
from tests.support.demo_folder import make_demo  # noqa: E402
from tests.support.loopback import Loopback  # noqa: E402
from tests.support.partial_days import load_partial_days  # noqa: E402
from tests.support.prefect_server import PausedServer, paused_server  # noqa: E402
from tests.support.run_folder import made_once  # noqa: E402
from tests.support.s3 import Server  # noqa: E402
from tests.support.sample_newsroom import PORT, Newsroom  # noqa: E402
from warehouse.store.objects import Store  # noqa: E402

settings.register_profile("presswatch", deadline=None, derandomize=True)
settings.load_profile("presswatch")

if FOLDER not in os.environ:  # else the processes of this run have it
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="presswatch-database-")
    atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)

TESTS = Path(__file__).parent
SHARED = TESTS.parents[1] / "shared"


SLOW_FIXTURES = {
    *("prefect_api", "server", "newsroom", "pool", "news", "demo_folder", "partial_days"),
    *("six_days", "desk", "place", "served", "dask", "machines", "paces"),
}
"""Who asks for one of these waits for servers or processes, or loads a warehouse."""
LONGEST = (
    *("faults/test_serve_crashes.py", "server/test_serve.py", "prompts/test_corpus.py"),
    *("backfill", "faults", "server", "store"),
)
"""Folders and modules that take minutes, those first at which a run would end by waiting."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow for its fixtures, and begin with what takes longest."""
    for item in items:
        if SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    longest = [TESTS / name for name in LONGEST]

    @cache
    def position(module: Path) -> int:
        found = (at for at, path in enumerate(longest) if module.is_relative_to(path))
        return next(found, len(longest))

    items.sort(key=lambda item: position(item.path))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import the tests without the garbage collector, and keep them out of its way afterwards."""
    with quick_imports():
        return (yield)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages beside the project; without it the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared, which is absent")
    return SHARED


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that connects to anything but loopback."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host and not (host.startswith("127.") or host in ("::1", "localhost")):
            pytest.fail(f"the network is not for tests: {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def paused_prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PausedServer]:
    """A Prefect server, which is paused."""
    with paused_server(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture(scope="module")
def prefect_api(paused_prefect: PausedServer) -> Iterator[str]:
    """A Prefect server of the tests' own; the value is its API's address."""
    # It runs while a module uses it: idle, it takes a tenth of a core, four of them for the
    # whole run 350 s of CPU.
    with paused_prefect.resumed():
        yield paused_prefect.api


@pytest.fixture(scope="session")
def news(tmp_path_factory: pytest.TempPathFactory) -> DailyNews:
    """Makes a warehouse of so many days, `news(3)`, by copying one that was loaded before."""
    return DailyNews(tmp_path_factory.mktemp("news"))


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder that `presswatch demo` makes: a year of news. Only for reading."""
    return made_once(tmp_path_factory, "demo", make_demo)


@pytest.fixture(scope="session")
def partial_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of `support/partial_days.py`. Only for reading."""
    return made_once(tmp_path_factory, "partial-days", load_partial_days)


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    """The sample newsroom, served while a module's tests run."""
    with Newsroom(PORT) as opened:
        yield opened


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """An S3 server on loopback; each test has a bucket of its own in it."""
    with s3.serving() as opened:
        yield opened


@pytest.fixture
def store(server: Server, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A folder of a bucket that nobody else has, and the environment in which it is found."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server.bucket()


@pytest.fixture
def web() -> Iterator[Loopback]:
    """A web server on loopback that says what a test tells it to."""
    with Loopback() as opened:
        yield opened


@pytest.fixture(scope="module")
def pool() -> Iterator[PagePool]:
    """One process that extracts pages."""
    with page_pool(Settings(workers=1)) as opened:
        yield opened
