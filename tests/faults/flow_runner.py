"""A process that runs flows one after the other, and may be killed at any action of theirs.

`python -m tests.faults.flow_runner` reads an order a line and answers with a line. A new process
for each run, as a worker starts them, would take two thirds of its CPU time to import and to warm
up; here one lasts until a run is killed, and the next is forked from one that has imported all.
"""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from tests.faults.kill_points import ACTIONS
from tests.support.serving import ROOT, wait_until_gone

GONE_SECONDS = 30
"""That processes may outlive the one that started them."""


@dataclass(frozen=True)
class Order:
    """A run to be made."""

    flow: str
    data: str
    parameters: dict[str, Any]
    kill_at: int | None = None
    """The action before which it is killed."""


@dataclass(frozen=True)
class Made:
    """What became of a run."""

    status: int
    """0, 1 when it failed, or negative for the signal that killed it."""
    actions: int = 0
    """On the file system, and connections."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of the process and of those that it waited for."""
    megabytes: float = 0.0
    """Memory of the process after it."""


class Runner:
    """Makes runs in a process; `environment` is added to this one's."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.log, self._environment = log, environment
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.communicate()
            assert self._process.returncode == 0, self.log.read_text()[-5_000:]

    def run(self, order: Order) -> Made:
        """Make a run, in a new process where the one before it was killed."""
        process = self._process = self._process or self._start()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(asdict(order)) + "\n")
        process.stdin.flush()
        said = process.stdout.readline()
        assert said, self.log.read_text()[-5_000:]
        return Made(**json.loads(said))

    def _start(self) -> "subprocess.Popen[str]":
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.faults.flow_runner"],
                cwd=ROOT,
                env={**os.environ, **self._environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
                start_new_session=True,
            )


class Actions:
    """Counts what a run does to its data folder and its connections, and kills it at one."""

    def __init__(self) -> None:
        self.done, self.order = 0, Order("", "", {})
        sys.addaudithook(self._see)

    def _see(self, event: str, args: tuple[object, ...]) -> None:
        is_file = event in ACTIONS and (event != "open" or self.order.data in str(args[0]))
        if self.order.data and (is_file or event == "socket.connect"):
            if self.done == self.order.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.done += 1


def _make(order: Order, flow: Callable[..., object], actions: Actions) -> Made:
    began, before, status = time.monotonic(), sum(os.times()[:4]), 0
    actions.done, actions.order = 0, order
    try:
        flow(**order.parameters)
    except Exception:
        traceback.print_exc()
        status = 1
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Made(
        status,
        actions.done,
        time.monotonic() - began,
        sum(os.times()[:4]) - before,
        pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
    )


def main() -> None:
    """Make runs until there are no more orders, in a child; in another after one was killed."""
    from flows.runs import prefect_settings

    prefect_settings.configure(verbose=True)
    from flows.backfill import backfill
    from flows.ingest import ingest
    from flows.maintain import maintain
    from flows.repair import repair

    flows: dict[str, Any] = {one.name: one for one in (backfill, ingest, maintain, repair)}
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while child := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        wait_until_gone(child, GONE_SECONDS)
        if status != -signal.SIGKILL:
            sys.exit(status)
        os.write(answers, json.dumps(asdict(Made(status))).encode() + b"\n")
    os.setpgid(0, 0)
    actions = Actions()
    for line in iter(sys.stdin.readline, ""):
        order = Order(**json.loads(line))
        made = _make(order, flows[order.flow], actions)
        os.write(answers, json.dumps(asdict(made)).encode() + b"\n")


if __name__ == "__main__":
    main()
