"""A Dask cluster on loopback, as its operator starts it: a process each, ports of the system's."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from distributed import Client

from tests.support.serving import ROOT, wait_for

HERE = ("--host", "127.0.0.1", "--no-dashboard")
START_SECONDS = 60
SELDOM = {
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false",
}
"""How seldom its processes look at themselves: idle, an eighth of a core went into that."""


class DaskCluster:
    """A scheduler, and workers that start and die as a test wants it."""

    def __init__(
        self, folder: Path, code: Path = ROOT, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self._file, self._code = folder, folder / "scheduler.json", code
        self._environment = {**os.environ, **SELDOM, **(environment or {})}
        self._processes: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        about = ("--port", "0", "--no-show", "--scheduler-file", str(self._file))
        self.scheduler = self._start("scheduler", self._code, *HERE, *about)
        self.address = str(wait_for("the scheduler is up", self._told, START_SECONDS)["address"])
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def worker(self, name: str, *words: str, code: Path = ROOT) -> "subprocess.Popen[bytes]":
        """Start a worker of one thread in a folder of its own, with the code of another."""
        (self.folder / name).mkdir(exist_ok=True)
        own = ("--nthreads", "1", "--nworkers", "1", "--name", name)
        return self._start("worker", code, self.address, *HERE, *own, *words, folder=name)

    def wait_for(self, *names: str) -> None:
        """Until the workers are these."""
        with Client(self.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]

            def are_there() -> bool:
                workers = client.scheduler_info(-1)["workers"].values()
                return sorted(one["name"] for one in workers) == sorted(names)

            wait_for(f"workers {names}", are_there, START_SECONDS)

    def pids(self) -> dict[str, int]:
        """Process id of each worker, by name; its nanny is another process."""
        with Client(self.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            names = {at: one["name"] for at, one in client.scheduler_info(-1)["workers"].items()}
            found = client.run(os.getpid, on_error="ignore")
        return {names[at]: pid for at, pid in found.items() if at in names}

    def _told(self) -> dict[str, Any] | None:
        with suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads(self._file.read_bytes())
            return found
        return None

    def _start(
        self, kind: str, code: Path, *words: str, folder: str = "."
    ) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{kind}-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", kind, *words],
                cwd=self.folder / folder,
                env={**self._environment, "PYTHONPATH": str(code)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process
