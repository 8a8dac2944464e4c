"""One request at a time to a host, a pause after each, and longer when the host asks for it."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from urllib3 import Retry
from urllib3.exceptions import InvalidHeader

from tasks.model import Failure, Outcome

MAX_PATIENCE = 120.0
"""Seconds: a host that asks to wait longer is left alone."""

MAX_HOLDING = 600.0
"""Seconds that a host can hold requests up in a whole run, so that it cannot hold up the run."""

_MAX_BACKOFF = 60.0


class Host:
    """The way to one host, for all threads of a run."""

    def __init__(self, closing: threading.Event) -> None:
        self._closing = closing
        self._turn = threading.Lock()
        self._ended = float("-inf")
        self._held_until = float("-inf")
        self._held_for = Outcome.RATE_LIMITED
        self._patience = MAX_HOLDING

    @contextmanager
    def turn(self, pause: float) -> Iterator[None]:
        """Wait until nobody else asks the host and `pause` seconds have passed since.

        Raises:
            Failure: the host has asked for more patience than there is.
            RuntimeError: the client was closed while waiting.
        """
        with self._turn:
            self._wait(pause)
            try:
                yield
            finally:
                self._ended = time.monotonic()

    def hold(self, seconds: float, outcome: Outcome) -> None:
        """Let nobody ask the host for so long; called within a turn."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)
        self._held_for = outcome

    def _wait(self, pause: float) -> None:
        now = time.monotonic()
        asked = self._held_until - now
        if asked > min(MAX_PATIENCE, self._patience):
            reason = f"not asked: the host wants {asked:.0f} s more without requests"
            raise Failure(self._held_for, reason)
        self._patience -= max(asked, 0.0)
        seconds = max(self._ended + pause - now, asked)
        if self._closing.wait(max(seconds, 0.0)):
            raise RuntimeError("the client was closed while a request waited for its turn")


class Hosts:
    """A host for each host and port."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts: dict[str, Host] = {}
        self.closing = threading.Event()

    def of(self, host: str) -> Host:
        """The host of a host, made when first asked for."""
        with self._lock:
            return self._hosts.setdefault(host, Host(self.closing))


def backoff(tries: int, base: float) -> float:
    """Seconds to wait after so many failed tries: anything up to base times 2 for each try more.

    Full jitter: clients that failed together do not come back together.
    """
    return random.uniform(0, min(base * 2 ** (tries - 1), _MAX_BACKOFF))  # noqa: S311


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, given as seconds or as a date.

    None when there is no header or it says neither. At most six hours.
    """
    if not header:
        return None
    try:
        return float(Retry(0).parse_retry_after(header))
    except (InvalidHeader, ValueError, OverflowError):
        return None
