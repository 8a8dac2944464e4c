"""Leases on sources, over all machines of a store: an object for each run that is collecting.

Its run rewrites it as a heartbeat. Whether another run is alive follows from the store's own clock:
how much older its object is than one that was just written.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial

from warehouse.layers.layout import Layout
from warehouse.store.lease import EXPIRES_SECONDS, FOLDER, LOOK_SECONDS, heartbeat, lease
from warehouse.store.link import read_link
from warehouse.store.objects import Missing, Store, StoreError

log = logging.getLogger(__name__)

TURNS = "turns"


@contextmanager
def stored_turn(
    layout: Layout,  # without a store this has no effect
    run_id: str,
    source_ids: Sequence[str],
    waiting: Callable[[Mapping[str, str]], None] | None = None,
) -> Iterator[Mapping[str, str]]:
    """Keep other machines from collecting sources while the body runs.

    Yields the sources that runs of other machines hold: the run's id, by source id. `waiting` is
    called with these whenever they change, until all are free; without it, they are left out.
    """
    link = read_link(layout)
    if link is None:
        yield {}
        return
    key, store = f"{TURNS}/{run_id}.json", link.store
    busy = _acquire(store, link.copy, key, source_ids, waiting)
    free = sorted(set(source_ids) - busy.keys())
    try:
        with heartbeat(key, partial(store.write, key, _content(free))):
            yield busy
    finally:
        try:
            store.delete([key])
        except StoreError as error:
            log.warning("%s was not deleted, it expires after a minute: %s", key, error)


def _acquire(
    store: Store,
    copy: str,
    key: str,
    wanted: Sequence[str],
    waiting: Callable[[Mapping[str, str]], None] | None,
) -> dict[str, str]:
    reported: dict[str, str] = {}
    while True:
        # Between reading who holds what and writing the own object no other machine may write.
        with lease(store, f"{FOLDER}/{TURNS}.json", copy):
            busy = {source: run for source, run in _held(store, key).items() if source in wanted}
            if not busy or waiting is None:
                store.write(key, _content(sorted(set(wanted) - busy.keys())))
                return busy
            store.delete([key])
        if busy != reported:
            waiting(busy)
            reported = busy
        time.sleep(LOOK_SECONDS)


def _held(store: Store, key: str) -> dict[str, str]:
    """The sources of the other runs that are alive: the run's id, by source id."""
    store.write(key, _content([]))
    listed = {found.key: found.written_at for found in store.list(TURNS)}
    oldest_alive = listed[key] - timedelta(seconds=EXPIRES_SECONDS)
    held: dict[str, str] = {}
    for other, written_at in listed.items():
        if other != key and written_at > oldest_alive:
            run_id = other.rpartition("/")[2].removesuffix(".json")
            with suppress(Missing):  # the run has ended since the listing
                held |= dict.fromkeys(json.loads(store.read(other)), run_id)
    return held


def _content(source_ids: Sequence[str]) -> bytes:
    return json.dumps(list(source_ids)).encode()
