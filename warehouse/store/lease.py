"""Leases over all machines of a store: objects that their holders rewrite as a heartbeat.

One lease admits a single writer; the others, one object per run, name the sources that the run is
collecting.

No clocks are compared. A waiting machine takes the lease once the object has not changed for
EXPIRES_SECONDS, so a killed holder blocks others only for that time. If the holder was merely slow,
its next heartbeat fails, and so does the next state of the store that it would create.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial

from warehouse.layers.layout import Layout
from warehouse.store.link import read_link
from warehouse.store.objects import Changed, Missing, Store, StoreError

log = logging.getLogger(__name__)

FOLDER = "leases"
RENEW_SECONDS = 10.0
EXPIRES_SECONDS = 60.0  # without a heartbeat, after which a holder counts as dead
SOURCE_LEASES = "turns"  # folder of the leases on sources
RETRY_SECONDS = 1.0  # pause between two attempts to take a lease


# Not by the codec of documents, here and for the sources of runs: machines of 0.1.0 read these
# objects while others have been upgraded, and a list of sources has no place for a format.
def _lease_content(holder: str, beats: int) -> bytes:
    return json.dumps({"holder": holder, "beats": beats}).encode()


@contextmanager
def lease(
    store: Store, key: str, holder: str, waiting: Callable[[str], None] = lambda message: None
) -> Iterator[None]:
    """Hold a lease, after waiting for another holder to release it.

    `holder` is the id of this machine: a lease with that id is taken at once, since the process
    that held it is dead. `waiting` is called once, with a message, if another machine holds it.
    """
    tag, beats = _acquire(store, key, holder, waiting), 0

    def beat() -> None:
        nonlocal tag, beats
        beats += 1
        tag = store.replace(key, _lease_content(holder, beats), tag)

    try:
        with heartbeat(f"lease {key}", beat):
            yield
    finally:
        try:
            store.replace(key, _lease_content("", 0), tag)
        except StoreError as error:
            log.warning("%s was not released, it expires instead: %s", key, error)


@contextmanager
def heartbeat(name: str, beat: Callable[[], object]) -> Iterator[None]:
    """Call `beat` every RENEW_SECONDS while the body runs, until another machine has the lease."""
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(RENEW_SECONDS):
            try:
                beat()
            except Changed as error:
                log.warning("%s: the lease of this machine had expired", error)
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
    """Wait until the lease is free and take it; return the tag of its object."""
    seen, since = "", time.monotonic()
    is_reported = False
    while True:
        try:
            content, tag = store.read_tagged(key)
            other = json.loads(content)["holder"]
            if tag != seen:
                seen, since = tag, time.monotonic()
            if other in ("", holder) or time.monotonic() - since > EXPIRES_SECONDS:
                return store.replace(key, _lease_content(holder, 0), tag)
            if not is_reported:
                waiting(f"waiting for {other} to finish writing {store.url}")
                is_reported = True
            time.sleep(RETRY_SECONDS)
        except Missing:
            with suppress(Changed):  # another machine created it first
                return store.create(key, _lease_content(holder, 0))
        except Changed:
            pass  # its holder, or another waiting machine, wrote it meanwhile


@contextmanager
def lease_sources(
    layout: Layout,  # without a store this has no effect
    run_id: str,
    source_ids: Sequence[str],
    waiting: Callable[[Mapping[str, str]], None] | None = None,
) -> Iterator[Mapping[str, str]]:
    """Keep other machines from collecting sources while the body runs.

    Yields the sources that runs of other machines hold: the run's id, by source id. If `waiting` is
    given, it is called with these whenever they change, until all are free.
    """
    link = read_link(layout)
    if link is None:
        yield {}
        return
    key, store = f"{SOURCE_LEASES}/{run_id}.json", link.store
    reported: dict[str, str] = {}
    while True:
        # No other machine may write between reading the held sources and writing this run's object.
        with lease(store, f"{FOLDER}/{SOURCE_LEASES}.json", link.copy):
            held = _sources_of_other_runs(store, key)
            busy = {source: run for source, run in held.items() if source in source_ids}
            free = json.dumps(sorted(set(source_ids) - busy.keys())).encode()
            if not busy or waiting is None:
                store.write(key, free)
                break
            store.delete([key])
        if busy != reported:
            waiting(busy)
            reported = busy
        time.sleep(RETRY_SECONDS)
    try:
        with heartbeat(key, partial(store.write, key, free)):
            yield busy
    finally:
        try:
            store.delete([key])
        except StoreError as error:
            log.warning("%s was not deleted, it expires after a minute: %s", key, error)


def _sources_of_other_runs(store: Store, key: str) -> dict[str, str]:
    """The sources of other runs in progress: the run's id, by source id."""
    # By the store's clock: the age of their objects relative to one just written.
    store.write(key, b"[]")
    listed = {found.key: found.written_at for found in store.list(SOURCE_LEASES)}
    oldest_alive = listed[key] - timedelta(seconds=EXPIRES_SECONDS)
    held: dict[str, str] = {}
    for other, written_at in listed.items():
        if other != key and written_at > oldest_alive:
            run_id = other.rpartition("/")[2].removesuffix(".json")
            with suppress(Missing):  # the run has ended since the listing
                held |= dict.fromkeys(json.loads(store.read(other)), run_id)
    return held
