"""One holder at a time among machines: an object that its holder writes again and again.

No clock is compared. Who waits for a lease takes it when its object has stayed the same for a
while, so a holder that was killed is not waited for for ever. A holder that was only slow finds
that out: its next write fails, and so does the next version of the store that it would create.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from warehouse.store.objects import Changed, Missing, Store, StoreError

log = logging.getLogger(__name__)

FOLDER = "leases"
RENEW_SECONDS = 10.0
EXPIRES_SECONDS = 60.0
"""A lease that has stayed the same for so long is taken for its dead holder's."""
LOOK_SECONDS = 1.0


@dataclass(slots=True)
class _Held:
    """A lease that is ours."""

    store: Store
    key: str
    holder: str
    tag: str
    ended: threading.Event = field(default_factory=threading.Event)
    beats: int = 0

    def keep(self) -> None:
        """Write the object again every few seconds, until the end or until another has it."""
        while not self.ended.wait(RENEW_SECONDS):
            self.beats += 1
            try:
                self.tag = self.store.replace(self.key, _content(self.holder, self.beats), self.tag)
            except Changed as error:
                log.warning("%s: this machine was taken for dead", error)
                return
            except StoreError as error:
                log.warning("%s", error)

    def release(self) -> None:
        """Leave the object to whoever wants it."""
        try:
            self.store.replace(self.key, _content("", 0), self.tag)
        except StoreError as error:
            log.warning("%s was not given back: %s", self.key, error)


def _content(holder: str, beats: int) -> bytes:
    return json.dumps({"holder": holder, "beats": beats}).encode()


@contextmanager
def lease(
    store: Store, key: str, holder: str, waiting: Callable[[str], None] = lambda message: None
) -> Iterator[None]:
    """Hold a lease; wait for it when another has it.

    Args:
        store: Where its object lies.
        key: The object.
        holder: Who we are. A lease of ours that is found is taken: whoever held it is dead.
        waiting: Told once, in a sentence for people, when there is somebody to wait for.

    Raises:
        StoreError: the store does not answer.
    """
    held = _Held(store, key, holder, _taken(store, key, holder, waiting))
    keeper = threading.Thread(target=held.keep, name=f"lease {key}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        held.ended.set()
        keeper.join()
        held.release()


def _taken(store: Store, key: str, holder: str, waiting: Callable[[str], None]) -> str:
    seen, since = "", time.monotonic()
    told = False
    while True:
        try:
            content, tag = store.read_tagged(key)
            other = json.loads(content)["holder"]
            if tag != seen:
                seen, since = tag, time.monotonic()
            if other in ("", holder) or time.monotonic() - since > EXPIRES_SECONDS:
                return store.replace(key, _content(holder, 0), tag)
            if not told:
                waiting(f"waiting for {other} to finish writing {store.url}")
                told = True
            time.sleep(LOOK_SECONDS)
        except Missing:
            try:
                return store.create(key, _content(holder, 0))
            except Changed:
                continue
        except Changed:
            continue
