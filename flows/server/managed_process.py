"""A process that `presswatch serve` keeps running."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

STOP_SECONDS = 20
"""For a process to end by itself before it is killed."""
PAUSES = (0.5, 1, 2, 5, 10, 30)
"""Seconds before a process that ended is started again; the last one from then on."""
CALM_SECONDS = 60
"""A process that ran so long is started again at once."""
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process that is started again when it ends."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    ended: int = 0

    def start(self) -> None:
        """Start it in a group of its own, so that Ctrl-C reaches only this command."""
        self.started = time.monotonic()
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                self.command,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_be_ended,
            )

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def restart(self) -> None:
        """Start it again, after a pause that grows while it keeps ending."""
        lived = time.monotonic() - self.started
        self.ended = 0 if lived > CALM_SECONDS else self.ended + 1
        pause = PAUSES[min(self.ended, len(PAUSES) - 1)]
        log.warning("%s ended; starting it again in %s s (%s)", self.name, pause, self.log)
        time.sleep(pause)
        self.start()

    def stop(self) -> None:
        """End it and what it started, first politely."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("%s did not end within %d s and is killed", self.name, STOP_SECONDS)
        _kill_group(self.process.pid)
        self.process.wait()


def _be_ended() -> None:
    """Heed SIGINT, and ask Linux to end this process when its parent dies, even by SIGKILL.

    Prefect's worker ends by a SIGINT to itself. `presswatch serve &` in a script ignores it, and so
    would the worker.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
