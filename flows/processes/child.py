"""Child processes that end with this one, however it ends."""

import ctypes
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flows.processes.ctrl_c import sessions
from flows.runs.json_logs import as_json_line, is_json

log = logging.getLogger(__name__)

# Time for a process to end after SIGTERM before it is killed: two of them in less than 10 s.
STOP_SECONDS = 3
RESTART_SECONDS = 2
START_SECONDS = 300  # a new database takes two minutes on a busy machine
PR_SET_PDEATHSIG = 1
# Last characters of a failed server's output: those searched for KNOWN, and those shown.
END_CHARS, REASON_CHARS = 1_000, 200
KNOWN = {
    "Can't locate revision identified by": (
        "its database was written by a newer version of Prefect; upgrade"
    ),
    "unable to open database file": "its database cannot be opened; let this user write there",
    "attempt to write a readonly database": "its database is read-only; let this user write there",
    "database or disk is full": "the disk of its database is full; free some space",
}
NO_OUTPUT = "it printed nothing; where the machine is busy, run it again"
# Loaded here, since little is safe between fork and exec.
LIBC = ctypes.CDLL(None)


class ServerFailed(Exception):  # noqa: N818 - the message is for people
    """A Prefect server did not start."""


def start(
    command: Sequence[str], environment: Mapping[str, str], out: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own, which the terminal's Ctrl-C does not reach.

    It ends with this process: on Linux with the calling thread, so call this in the main thread.
    """

    def prepare() -> None:
        # Prefect's worker ends by sending itself a SIGINT, but a process started by
        # `presswatch serve &` in a script would inherit that SIGINT is ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        # A server that outlived `serve` would keep the next one from its port.
        _end_with_parent(signal.SIGTERM)

    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=prepare,
    )
    sessions.add(process.pid)
    return process


def end_with_worker() -> None:
    """Let Linux kill this process when the worker ends, if a worker started it as a run.

    A worker that is killed, or ends because `serve` was killed, may not be able to end its runs.
    SIGKILL, not SIGTERM: if the server is gone as well, Prefect would try for minutes to reach it.
    The next run loads what a killed one has archived.
    """
    if "PREFECT__FLOW_RUN_ID" in os.environ:
        _end_with_parent(signal.SIGKILL)


def _end_with_parent(signum: signal.Signals) -> None:
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signum)


def stop(
    process: "subprocess.Popen[bytes]",
    seconds: float,
    is_hurried: Callable[[], bool] = lambda: False,
) -> None:
    """End a process by SIGTERM, and by SIGKILL after so many seconds or when hurried."""
    process.terminate()
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end and not is_hurried():
        time.sleep(0.05)
    process.kill()
    process.wait()
    sessions.discard(process.pid)


def wait_until_healthy(api: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the process serves Prefect's API at this address.

    ServerFailed, without the reason, when it ends first or does not answer for START_SECONDS.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ServerFailed("the Prefect server ended")
        try:
            with urllib.request.urlopen(f"{api}/health", timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise ServerFailed(f"no answer from {api} within {START_SECONDS} seconds")


def why_ended(output: bytes) -> str:
    """Why a Prefect server ended: a known cause with its remedy, else its last error or output."""
    text = output.decode(errors="replace")
    with suppress(ValueError, IndexError, KeyError, TypeError):  # not a line of JSON
        last = json.loads(text.splitlines()[-1])
        text = last.get("exception") or last["message"]
    if errors := re.findall(r"(?m)^[\w.]+(?:Error|Exception): .+", text):
        text = errors[-1]
    text = " ".join(text.split())
    for message, remedy in KNOWN.items():
        if message in text[-END_CHARS:]:
            return remedy
    return text[:REASON_CHARS] if errors else text[-REASON_CHARS:] or NO_OUTPUT


@dataclass
class Child:
    """A process that is started again when it ends."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as out:
            if not is_json(self.environment):
                self.process = start(self.command, self.environment, out)
                return
        # Its output, and that of its runs, has lines that do not come from a logger.
        read_end, write_end = os.pipe()
        with os.fdopen(write_end, "wb") as out:
            self.process = start(self.command, self.environment, out)

        def keep_as_json() -> None:
            with os.fdopen(read_end, "rb") as lines, self.log.open("ab", buffering=0) as kept:
                for line in lines:
                    kept.write(as_json_line(line, self.name))

        threading.Thread(target=keep_as_json, daemon=True).start()

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def restart(self) -> None:
        """Start it again after a pause."""
        log.warning("%s ended; restarting in %s s (%s)", self.name, RESTART_SECONDS, self.log)
        time.sleep(RESTART_SECONDS)
        self.start()

    def stop(self, is_hurried: Callable[[], bool] = lambda: False) -> None:
        """End it by SIGTERM, and by SIGKILL after STOP_SECONDS or when hurried."""
        if self.process:
            stop(self.process, STOP_SECONDS, is_hurried)
