"""Prefect's server, a worker and the deployments on one machine, until stopped."""

import logging
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from flows.processes.child import Child, ServerFailed, wait_until_healthy, why_ended
from flows.processes.ctrl_c import STATUS, leave_ctrl_c_to_main_thread, say_stopped
from flows.runs.prefect_settings import POOL, own_origins, require_valid, server_settings
from tasks.installation import Installation, keep_private, open_installation
from tasks.locks.serve_lock import serve_lock
from tasks.settings import ConfigError, Settings
from tasks.text.counted import counted
from warehouse.layers.atomic_write import write_whole

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
CHECK_SECONDS = 300  # between two checks for incidents
RESUMES = "the next run resumes from what was archived"
# Folder of the server's copy of the pages, made at its first start.
STATIC = "PREFECT_SERVER_UI_STATIC_DIRECTORY"
HEAD = re.compile(r'<head>(<meta http-equiv="Content-Security-Policy"[^>]*>)?')


class Stopped(Exception):  # noqa: N818 - a request, not an error
    """Ctrl-C or SIGTERM; the argument is the signal's number."""


@dataclass
class Serving:
    """The server and the worker of one installation."""

    installation: Installation
    api: str
    server: Child
    worker: Child
    is_stopping: bool = False
    is_hurried: bool = False  # by a second signal while it stops


def serve_until_stopped(installation: Installation, port: int) -> int:
    """Run server and worker until Ctrl-C or SIGTERM; leaves no run in state Running.

    Returns the exit status. ConfigError when the port is taken, the data folder or Prefect's home
    is served already, or a file of deployments/ is wrong; ServerFailed when the server does not
    start.
    """
    _prepare_environment(installation, port)
    require_valid()
    layout, home = installation.layout, Path(os.environ["PREFECT_HOME"])
    # Prefect's database is in its home, which PREFECT_HOME may let several data folders share.
    with serve_lock(layout.locks, layout.root), serve_lock(home, home):
        return _serve(installation, port)


def _serve(installation: Installation, port: int) -> int:
    def child(name: str, *command: str) -> Child:
        output = installation.layout.root / "prefect" / f"{name}.log"
        return Child(name, [sys.executable, "-m", *command], dict(os.environ), output)

    def stop(signum: int, _: object) -> None:
        if serving.is_stopping:
            # A second Ctrl-C kills both; their runs are marked as crashed all the same.
            serving.is_hurried = True
        else:
            serving.is_stopping = True
            raise Stopped(signum)

    app = ("uvicorn", "--factory", "flows.server.app:create_guarded_app")
    server = child("server", *app, "--host", HOST, "--port", str(port), "--log-level", "warning")
    pool = ("--pool", POOL, "--type", "process", "--limit", "4", "--name", socket.gethostname())
    worker = child("worker", "prefect", "worker", "start", *pool)
    serving = Serving(installation, os.environ["PREFECT_API_URL"], server, worker)
    signum = signal.SIGTERM
    try:
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        leave_ctrl_c_to_main_thread()
        server.start()
        _wait_for(serving.api, server)
        # The server copies its pages when it starts.
        add_policy(os.environ)
        _prepare(serving)
        worker.start()
        _start_checks(serving)
        _watch(serving)
    except Stopped as stopped:
        signum = stopped.args[0]
        log.info("stopping")
    finally:
        serving.is_stopping = True
        from flows.server.orphaned_runs import end_orphaned_runs

        worker.stop(lambda: serving.is_hurried)
        if not server.has_ended():
            # A server that has just started does not answer yet, but has no runs either.
            with suppress(httpx.HTTPError):
                end_orphaned_runs("presswatch serve was stopped", kill=True, reschedule=False)
        server.stop(lambda: serving.is_hurried)
    if signum == signal.SIGINT:
        say_stopped()
        return STATUS
    return 0


def _prepare_environment(installation: Installation, port: int) -> None:
    """Set what server, worker and runs inherit, and make Prefect's folders, for this user alone."""
    with socket.socket() as probe:
        # As the server does: a port in TIME_WAIT after a restart is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            why = f"{HOST}:{port} cannot be used ({error.strerror}): is Presswatch served already?"
            raise ConfigError([why]) from None
    home = installation.layout.root / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    # Prefect's database is there, with the parameters and logs of every run.
    keep_private(installation.layout.root)
    keep_private(Path(os.environ.setdefault("PREFECT_HOME", str(home))))
    for name in ("sources", "topics", "data", "deployments", "alerts"):
        path: Path = getattr(installation.settings, name)
        os.environ[f"PRESSWATCH_{name.upper()}"] = str(path.absolute())
    for name, value in server_settings(f"http://{HOST}:{port}/api", os.environ).items():
        os.environ.setdefault(name, value)
    # The server keeps its pages under Prefect's home, not among the installed packages.
    pages = Path(os.environ.setdefault(STATIC, str(home / "ui")))
    pages.mkdir(parents=True, exist_ok=True)


def _prepare(serving: Serving) -> None:
    """Mark runs that ended with the machine as crashed, and register the deployments."""
    from flows.server.deploy import deploy
    from flows.server.orphaned_runs import end_orphaned_runs

    end_orphaned_runs(f"Presswatch was not running; {RESUMES}", kill=False)
    deployments = deploy(serving.installation)
    log.info("%s/v2 shows the runs", serving.api.removesuffix("/api"))
    for one in sorted(deployments, key=lambda one: one.name):
        for schedule in one.schedules:
            state = "on" if schedule.active and not one.paused else "paused"
            when = schedule.schedule
            cron, zone = getattr(when, "cron", None), getattr(when, "timezone", None)
            text = f"cron {cron} {zone or 'UTC'}" if cron else str(when)
            log.info("%s: %s (%s)", one.name, text, state)


def _start_checks(serving: Serving) -> None:
    """Send alerts when something is wrong, even while nothing runs."""

    def check() -> None:
        from flows.runs.alerts import check_served

        while True:
            time.sleep(CHECK_SECONDS)
            check_served(serving.installation.settings)

    # In a thread, so that a mail server that does not answer cannot block the loop of `_watch`;
    # with the context of this thread, which has Prefect's settings.
    run = partial(copy_context().run, check)
    threading.Thread(target=run, name="checks", daemon=True).start()


def _watch(serving: Serving) -> None:
    """Restart ended processes, and update the forms when sources change, until stopped."""
    from flows.server.deploy import update_forms
    from flows.server.orphaned_runs import end_orphaned_runs

    settings, server, worker = serving.installation.settings, serving.server, serving.worker
    seen = _changed_at(settings)
    while True:
        time.sleep(0.5)
        try:
            # The server first: ending orphaned runs needs it.
            if server.has_ended():
                server.restart()
                _wait_for(serving.api, server)
            if worker.has_ended():
                end_orphaned_runs(f"Its worker ended; {RESUMES}", kill=True)
                worker.restart()
            # Before the files are read, so that a change during the update is seen next time.
            changed = _changed_at(settings)
            if changed != seen:
                try:
                    serving.installation = open_installation()
                    update_forms(serving.installation)
                    log.info(
                        "the forms offer %s", counted(len(serving.installation.sources), "source")
                    )
                except ConfigError as error:
                    log.warning("%s; the forms stay as they were", error)
                seen = changed
        except httpx.HTTPError as error:
            log.warning("the Prefect server does not answer: %s", error)
            time.sleep(2)


def _changed_at(settings: Settings) -> list[float]:
    files = (settings.sources, settings.topics)
    return [path.stat().st_mtime if path.exists() else 0 for path in files]


def _wait_for(api: str, server: Child) -> None:
    if server.process:
        try:
            wait_until_healthy(api, server.process)
        except ServerFailed as failed:
            why = why_ended(server.log.read_bytes())
            raise ServerFailed(f"{failed}: {why} ({server.log})") from None


def add_policy(environment: Mapping[str, str]) -> None:
    """Write a content security policy into this environment's copy of the pages of Prefect's UI."""
    # Prefect 3.9's UI asks a statistics service (sr-client-cfg.amplitude.com) for settings on every
    # page. No setting stops that: PREFECT_SERVER_ANALYTICS_ENABLED and DO_NOT_TRACK concern the
    # server, the key is in the pages' JavaScript, and the server has no setting to send a header.
    # tests/server/test_content_policy.py fails when the pages change.
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(environment)}" />'
    for page in Path(environment[STATIC]).glob("v*/index.html"):
        text = page.read_text(encoding="utf-8")
        write_whole(page, HEAD.sub(f"<head>{meta}", text, count=1).encode())


def policy(environment: Mapping[str, str]) -> str:
    """The content security policy: the pages' own content, and the API's addresses."""
    hosts = own_origins(environment)
    sockets = [host.replace("http", "ws", 1) for host in hosts]
    own = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
    return " ".join([own, *hosts, *sockets])
