"""A lease that one machine at a time holds: an object that its holder rewrites as a heartbeat.

No clocks are compared. A waiting machine takes the lease once the object has not changed for
EXPIRES_SECONDS, so a killed holder blocks others for that long only. A holder that was just slow
notices: its next heartbeat fails, and so does the next state of the store that it would create.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from warehouse.store.objects import Changed, Missing, Store, StoreError

log = logging.getLogger(__name__)

FOLDER = "leases"
RENEW_SECONDS = 10.0
EXPIRES_SECONDS = 60.0  # time without a heartbeat after which a holder counts as dead
LOOK_SECONDS = 1.0  # pause between two attempts to take a lease


def _content(holder: str, beats: int) -> bytes:
    return json.dumps({"holder": holder, "beats": beats}).encode()


@contextmanager
def lease(
    store: Store, key: str, holder: str, waiting: Callable[[str], None] = lambda message: None
) -> Iterator[None]:
    """Hold a lease, after waiting for another holder to release it.

    `holder` is the id of this machine: a lease that already has it is taken at once, since the
    process that held it is dead. `waiting` is called once, with a message, when another holder has
    to be waited for.
    """
    tag, beats = _acquire(store, key, holder, waiting), 0

    def beat() -> None:
        nonlocal tag, beats
        beats += 1
        tag = store.replace(key, _content(holder, beats), tag)

    try:
        with heartbeat(f"lease {key}", beat):
            yield
    finally:
        try:
            store.replace(key, _content("", 0), tag)
        except StoreError as error:
            log.warning("%s was not released, it expires instead: %s", key, error)


@contextmanager
def heartbeat(name: str, beat: Callable[[], object]) -> Iterator[None]:
    """Call `beat` every RENEW_SECONDS while the body runs, until another machine took the lease."""
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(RENEW_SECONDS):
            try:
                beat()
            except Changed as error:
                log.warning("%s: it counted this machine as dead", error)
                return
            except StoreError as error:
                # The next heartbeat may still be in time.
                log.warning("%s: heartbeat failed", error)

    keeper = threading.Thread(target=keep, name=name, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _acquire(store: Store, key: str, holder: str, waiting: Callable[[str], None]) -> str:
    """Wait until the lease is free and take it; the tag of its object."""
    seen, since = "", time.monotonic()
    is_reported = False
    while True:
        try:
            content, tag = store.read_tagged(key)
            other = json.loads(content)["holder"]
            if tag != seen:
                seen, since = tag, time.monotonic()
            if other in ("", holder) or time.monotonic() - since > EXPIRES_SECONDS:
                return store.replace(key, _content(holder, 0), tag)
            if not is_reported:
                waiting(f"waiting for {other} to finish writing {store.url}")
                is_reported = True
            time.sleep(LOOK_SECONDS)
        except Missing:
            try:
                return store.create(key, _content(holder, 0))
            except Changed:
                continue  # another machine created it first
        except Changed:
            continue  # its holder, or another waiting machine, wrote it meanwhile
