"""Who collects which papers, over all machines of a store: an object for each run that is at it.

Its run writes it again every few seconds. Whether another's is alive is told by the store's own
clock: how much older it is than what has just been written.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from warehouse.layers.layout import Layout
from warehouse.store.lease import EXPIRES_SECONDS, FOLDER, LOOK_SECONDS, RENEW_SECONDS, lease
from warehouse.store.link import read_link
from warehouse.store.objects import Missing, Store, StoreError

log = logging.getLogger(__name__)

TURNS = "turns"


@contextmanager
def stored_turn(
    layout: Layout,
    run_id: str,
    source_ids: Sequence[str],
    waiting: Callable[[Mapping[str, str]], None] | None = None,
) -> Iterator[Mapping[str, str]]:
    """Keep other machines from collecting papers while the body runs.

    Args:
        layout: The installation; nothing is asked where its data lie in no store.
        run_id: Whom others are told to wait for.
        source_ids: The papers wanted.
        waiting: Told who has which of them whenever that changes, until nobody has; without it
            they are left out.

    Yields:
        The papers that runs of other machines have: the run's id, by source id.
    """
    link = read_link(layout)
    if link is None:
        yield {}
        return
    key, store = f"{TURNS}/{run_id}.json", link.store
    busy = _take(store, link.copy, key, source_ids, waiting)
    ended = threading.Event()
    free = sorted(set(source_ids) - busy.keys())
    keeper = threading.Thread(target=_keep, args=(store, key, free, ended), name=key, daemon=True)
    keeper.start()
    try:
        yield busy
    finally:
        ended.set()
        keeper.join()
        _end(store, key)


def _take(
    store: Store,
    copy: str,
    key: str,
    wanted: Sequence[str],
    waiting: Callable[[Mapping[str, str]], None] | None,
) -> dict[str, str]:
    told: dict[str, str] = {}
    while True:
        with lease(store, f"{FOLDER}/{TURNS}.json", copy):
            busy = {one: run for one, run in _taken(store, key).items() if one in wanted}
            if not busy or waiting is None:
                store.write(key, _content(sorted(set(wanted) - busy.keys())))
                return busy
            store.delete([key])
        if busy != told:
            waiting(busy)
            told = busy
        time.sleep(LOOK_SECONDS)


def _taken(store: Store, key: str) -> dict[str, str]:
    """The papers of runs that are alive: the run's id, by source id."""
    store.write(key, _content([]))
    listed = {found.key: found.written_at for found in store.list(TURNS)}
    dead = listed[key] - timedelta(seconds=EXPIRES_SECONDS)
    taken: dict[str, str] = {}
    for other, at in listed.items():
        if other != key and at > dead:
            run_id = other.rpartition("/")[2].removesuffix(".json")
            taken |= dict.fromkeys(_sources(store, other), run_id)
    return taken


def _sources(store: Store, key: str) -> list[str]:
    try:
        found: list[str] = json.loads(store.read(key))
    except Missing:
        return []
    return found


def _content(source_ids: Sequence[str]) -> bytes:
    return json.dumps(list(source_ids)).encode()


def _keep(store: Store, key: str, source_ids: Sequence[str], ended: threading.Event) -> None:
    while not ended.wait(RENEW_SECONDS):
        try:
            store.write(key, _content(source_ids))
        except StoreError as error:
            log.warning("%s", error)


def _end(store: Store, key: str) -> None:
    try:
        store.delete([key])
    except StoreError as error:
        log.warning("%s: others wait for a minute: %s", key, error)
