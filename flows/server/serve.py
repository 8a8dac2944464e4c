"""Prefect's server, a worker and the deployments on one machine, until stopped."""

import logging
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx

from flows.installation import Installation, open_installation
from flows.runs.prefect_settings import operating
from flows.server.managed_process import Child
from flows.server.ui_csp import keep_to_own_server, own_pages
from tasks.settings import ConfigError

log = logging.getLogger(__name__)

HOST, PORT = "127.0.0.1", 4200
PATIENCE_SECONDS = 120
RUNS_AT_ONCE = 4
GOES_ON = "the next run goes on from what was archived"
JUMP_SECONDS = 60
"""That the clock is put back by at least before the server is started again."""
LOOK_SECONDS = 5
"""Between two looks whether runs without a worker have died."""


class Stopped(Exception):  # noqa: N818 - it is what is the case
    """Ctrl-C or SIGTERM."""


@dataclass
class Serving:
    """The server, the worker, and what they work with."""

    place: Installation
    api: str
    children: list[Child] = field(default_factory=list)
    orphans: set[UUID] = field(default_factory=set)
    """Runs that outlived their worker, or died with it."""
    died_with: str = ""
    """What is said of those that died."""
    looked: float = 0.0
    clock: float = field(default_factory=lambda: time.time() - time.monotonic())
    """The wall clock when the other one, which nobody sets, began."""


def serve_until_stopped(place: Installation, port: int = PORT) -> None:
    """Run everything; return after Ctrl-C or SIGTERM, with no run left as running.

    Raises:
        ConfigError: the port is taken, or a file of deployments/ is wrong.
        RuntimeError: the server does not come up.
    """
    _demand_free(port)
    home = place.layout.root / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(home))
    for name in ("sources", "topics", "data", "deployments"):
        path: Path = getattr(place.settings, name)
        os.environ[f"PRESSWATCH_{name.upper()}"] = str(path.absolute())
    os.environ.update(operating(f"http://{HOST}:{port}/api"))
    own_pages(home)
    prefect = [sys.executable, "-m", "prefect"]
    server = [*prefect, "server", "start", "--host", HOST, "--port", str(port)]
    worker = [*prefect, "worker", "start", "--pool", "presswatch", "--type", "process"]
    worker += ["--limit", str(RUNS_AT_ONCE), "--name", socket.gethostname()]
    serving = Serving(place, os.environ["PREFECT_API_URL"])
    try:
        with _stopping_on_signals():
            _start(serving, "server", server)
            _wait_for(serving.api, serving.children[0])
            keep_to_own_server(os.environ)
            _prepare(serving)
            _start(serving, "worker", worker)
            _watch(serving)
    except Stopped:
        log.info("stopping")
    finally:
        _stop(serving)


def _start(serving: Serving, name: str, command: list[str]) -> None:
    folder = serving.place.layout.root / "prefect"
    child = Child(name, command, dict(os.environ), folder / f"{name}.log")
    serving.children.append(child)
    child.start()


def _prepare(serving: Serving) -> None:
    """Register the deployments, and end in the books what ended with the machine."""
    from flows.server.deploy import deploy
    from flows.server.orphaned_runs import left_behind

    serving.orphans = left_behind()
    serving.died_with = f"Presswatch was not running; {GOES_ON}"
    _settle_orphans(serving)
    deployments = deploy(serving.place)
    log.info("%s/v2 shows the runs", serving.api.removesuffix("/api"))
    for one in sorted(deployments, key=lambda one: one.name):
        for schedule in one.schedules:
            state = "on" if schedule.active and not one.paused else "paused"
            log.info("%s: %s (%s)", one.name, _told(schedule.schedule), state)


def _told(schedule: object) -> str:
    cron, zone = getattr(schedule, "cron", None), getattr(schedule, "timezone", None)
    return f"cron {cron} {zone or 'UTC'}" if cron else str(schedule)


def _watch(serving: Serving) -> None:
    """Start again what ended, and offer new papers in the form, until stopped."""
    files = (serving.place.settings.sources, serving.place.settings.topics)
    seen = _changed_at(files)
    while True:
        time.sleep(0.5)
        try:
            _heed_clock(serving)
            _revive(serving)
            if _changed_at(files) != seen:
                _offer_again(serving)
                seen = _changed_at(files)
        except httpx.HTTPError as error:
            log.warning("the Prefect server does not answer: %s", error)
            time.sleep(2)


def _heed_clock(serving: Serving) -> None:
    """Start the server again when the clock was put back, and let it plan its runs anew.

    Its timers go by the clock, and runs planned for a day ahead count as the next ones: put back
    by a day, it would start no scheduled run for a day.
    """
    from flows.server.deploy import deploy

    before, serving.clock = serving.clock, time.time() - time.monotonic()
    if serving.clock < before - JUMP_SECONDS:
        seconds = before - serving.clock
        log.warning("the clock was put back by %d s: starting the server again", seconds)
        serving.children[0].stop()
        serving.children[0].start()
        _wait_for(serving.api, serving.children[0])
        deploy(serving.place)


def _revive(serving: Serving) -> None:
    """Start again what ended, the server first, and settle what its runs came to."""
    server, *workers = serving.children
    if server.has_ended():
        server.restart()
    ended = [worker for worker in workers if worker.has_ended()]
    is_due = serving.orphans and time.monotonic() > serving.looked + LOOK_SECONDS
    if not (ended or is_due) or not _answers(serving.api):
        return
    for worker in ended:
        _note_orphans(serving)
        worker.restart()
    if is_due:
        _settle_orphans(serving)


def _note_orphans(serving: Serving) -> None:
    """Remember the runs that a worker left; other systems than Linux wait for their heartbeat."""
    from flows.server.orphaned_runs import left_behind

    if sys.platform == "linux":
        serving.orphans |= left_behind()
        serving.died_with = f"It ended with the worker that had started it; {GOES_ON}"


def _settle_orphans(serving: Serving) -> None:
    from flows.server.orphaned_runs import end_dead_runs

    serving.orphans = end_dead_runs(serving.orphans, serving.died_with)
    serving.looked = time.monotonic()


def _offer_again(serving: Serving) -> None:
    from flows.server.deploy import fit_forms

    try:
        serving.place = open_installation()
    except ConfigError as wrong:
        log.warning("%s; the forms offer what they did before", wrong)
        return
    fit_forms(serving.place)
    log.info("the forms offer %d papers", len(serving.place.sources))


def _changed_at(files: tuple[Path, ...]) -> list[float]:
    return [path.stat().st_mtime if path.exists() else 0 for path in files]


def _stop(serving: Serving) -> None:
    """End the worker and its runs, write that down, end the server."""
    from flows.server.orphaned_runs import end_unended_runs

    for worker in serving.children[1:]:
        worker.stop()
    for server in serving.children[:1]:
        if not server.has_ended():
            end_unended_runs("presswatch serve was stopped")
        server.stop()


@contextmanager
def _stopping_on_signals() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Stopped

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one in before:
            signal.signal(one, signal.SIG_IGN)


def _demand_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            why = f"{HOST}:{port} cannot be used ({error.strerror}): is Presswatch served already?"
            raise ConfigError([why]) from None


def _wait_for(api: str, server: Child) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if server.has_ended():
            raise RuntimeError(f"the Prefect server ended; {server.log} says why")
        if _answers(api):
            return
        time.sleep(0.3)
    raise RuntimeError(f"no answer from {api} within {PATIENCE_SECONDS} seconds: {server.log}")


def _answers(api: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=5):  # noqa: S310
            return True
    except OSError:
        return False
