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

STOP_SECONDS = 20  # time for a process to end after SIGTERM before it is killed
RESTART_SECONDS = 2


@dataclass
class Child:
    """A process that is started again when it ends."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it in a process group of its own, so that Ctrl-C reaches only this command."""
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
        """End it by SIGTERM, then by SIGKILL."""
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
    """Restore SIGINT, and ask Linux for a SIGTERM when the parent dies, even by SIGKILL."""
    # Prefect's worker ends by sending itself a SIGINT, but a process started by
    # `presswatch serve &` in a script would inherit that SIGINT is ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A server that outlived `serve` would keep the next one from its port.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
