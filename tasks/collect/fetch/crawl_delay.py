"""Crawl delay: one request at a time to a host, a pause after each, longer if the host asks."""

import math
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from urllib3 import Retry
from urllib3.exceptions import InvalidHeader

from tasks.model import Failure, Outcome

# Seconds; a host that asks for a longer wait gets no more requests in this run.
MAX_WAIT_SECONDS = 120.0
# Most seconds that a host can delay its requests in a whole run, so that it cannot block the run.
MAX_TOTAL_WAIT_SECONDS = 600.0
_MAX_BACKOFF_SECONDS = 60.0


class Host:
    """Access to one host, for all threads of a run."""

    def __init__(self, closing: threading.Event) -> None:
        self._closing = closing
        self._turn = threading.Lock()
        self._ended = float("-inf")
        self._held_until = float("-inf")
        self._held_for = Outcome.RATE_LIMITED
        self._patience = MAX_TOTAL_WAIT_SECONDS

    @contextmanager
    def turn(self, pause: float, deadline: float = math.inf) -> Iterator[None]:
        """Wait until no other request is under way and `pause` seconds have passed since the last.

        Raises a Failure when the host asks for too long a wait, or when the wait would end after
        `deadline`, on the monotonic clock (LEFT_FOR_LATER); RuntimeError once the client is closed.
        """
        with hold_lock(self._turn, deadline):
            now = time.monotonic()
            asked = self._held_until - now
            if asked > min(MAX_WAIT_SECONDS, self._patience):
                reason = f"not requested: the host asks for {asked:.0f} s more without requests"
                raise Failure(self._held_for, reason)
            self._patience -= max(asked, 0.0)
            wait = max(self._ended + pause - now, asked, 0.0)
            if now + wait > deadline:
                raise Failure(Outcome.LEFT_FOR_LATER, "not requested")
            if self._closing.wait(wait):
                raise RuntimeError("the client was closed while a request waited for its host")
            try:
                yield
            finally:
                self._ended = time.monotonic()

    def hold(self, seconds: float, outcome: Outcome) -> None:
        """Delay the next request by at least `seconds`; called within a turn."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)
        self._held_for = outcome


class Hosts:
    """The hosts of a run, each with its port."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts: dict[str, Host] = {}
        self.closing = threading.Event()

    def get(self, host: str) -> Host:
        """The host of a `host_key`, created at first use."""
        with self._lock:
            return self._hosts.setdefault(host, Host(self.closing))


@contextmanager
def hold_lock(lock: threading.Lock, deadline: float) -> Iterator[None]:
    """Hold a lock; raises a Failure, LEFT_FOR_LATER, when it is not free by the deadline."""
    seconds = min(max(deadline - time.monotonic(), 0.0), threading.TIMEOUT_MAX)
    if not lock.acquire(timeout=seconds):
        raise Failure(Outcome.LEFT_FOR_LATER, "not requested")
    try:
        yield
    finally:
        lock.release()


def backoff(tries: int, base: float) -> float:
    """Seconds to wait after `tries` failures: random, up to `base` doubled for each further try."""
    # Full jitter, so that clients that failed together do not retry together.
    return random.uniform(0, min(base * 2 ** (tries - 1), _MAX_BACKOFF_SECONDS))  # noqa: S311


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, at most six hours; None without a valid one."""
    if not header:
        return None
    try:
        return float(Retry(0).parse_retry_after(header))
    except (InvalidHeader, ValueError, OverflowError):
        return None
