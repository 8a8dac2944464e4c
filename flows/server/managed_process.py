"""A process that `presswatch serve` keeps running."""

import ctypes
import logging
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
RESTART_SECONDS = 2
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process that is started again when it ends."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it in a group of its own, so that Ctrl-C reaches only this command."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                self.command,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def restart(self) -> None:
        """Start it again after a pause."""
        log.warning("%s ended; restarting in %s s (%s)", self.name, RESTART_SECONDS, self.log)
        time.sleep(RESTART_SECONDS)
        self.start()

    def stop(self) -> None:
        """End it, by SIGKILL when SIGTERM is not enough."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("%s did not end within %d s and is killed", self.name, STOP_SECONDS)
            self.process.kill()
            self.process.wait()


def _end_with_parent() -> None:
    """Heed SIGINT, and ask Linux to send SIGTERM when the parent dies, even by SIGKILL.

    Prefect's worker ends by a SIGINT to itself. `presswatch serve &` in a script ignores it, and so
    would the worker. A server that outlived `serve` would keep the next one from its port.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
