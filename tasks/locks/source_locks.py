"""Locks on sources: one run at a time collects a source, until that run is published."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tasks.sources.source import Source
from warehouse.layers.layout import Layout
from warehouse.layers.writer_lock import try_lock
from warehouse.store.lease import lease_sources

RETRY_SECONDS = 0.5
MAX_NAMED = 5  # sources of a run that a message names


class SourceBusy(Exception):  # noqa: N818 - named for the state
    """Another run is collecting the source."""

    def __init__(self, source_id: str, run_id: str) -> None:
        super().__init__(f"{source_id} is being collected by run {run_id or 'unknown'}")
        self.source_id, self.run_id = source_id, run_id


@dataclass(frozen=True, slots=True)
class LockedSources:
    """The sources that a run may collect, and those that another run has locked."""

    sources: tuple[Source, ...]
    busy: Mapping[str, str]  # id of the run that has locked it, by source id
    has_waited: bool = False  # whether another run had to end first


@contextmanager
def lock_sources(
    layout: Layout,
    run_id: str,
    sources: Iterable[Source],
    waiting: Callable[[str], None] | None = None,
) -> Iterator[LockedSources]:
    """Keep other runs from collecting the sources while the body runs.

    Waits for locked sources, and calls `waiting` with a message when it has to wait; without
    `waiting` locked sources are left out.
    """
    wanted = sorted(sources, key=lambda source: source.id)
    busy: dict[str, str] = {}
    waits: list[str] = []

    def wait_for(why: str) -> None:
        waits.append(why)
        if waiting:
            waiting(why)

    with ExitStack() as held:
        # Always in the order of their ids, so that two runs never wait for each other.
        for source in wanted:
            try:
                held.enter_context(source_lock(layout, source.id, run_id, waiting and wait_for))
            except SourceBusy as other:
                busy[source.id] = other.run_id
        free = [source.id for source in wanted if source.id not in busy]
        wait = (lambda others: wait_for(busy_with(others))) if waiting else None
        busy |= held.enter_context(lease_sources(layout, run_id, free, wait))
        locked = tuple(source for source in wanted if source.id not in busy)
        yield LockedSources(locked, busy, bool(waits))


@contextmanager
def source_lock(
    layout: Layout, source_id: str, run_id: str = "", waiting: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Lock a source; the kernel frees the lock when the process ends.

    SourceBusy at once when another run holds the lock and `waiting` is not given.
    """
    layout.locks.mkdir(parents=True, exist_ok=True)
    with (layout.locks / f"{source_id}.source").open("a+") as lock:
        announced = None
        while not try_lock(lock):
            lock.seek(0)
            other = SourceBusy(source_id, lock.read().strip())
            if waiting is None:
                raise other
            if other.run_id != announced:
                waiting(str(other))
                announced = other.run_id
            time.sleep(RETRY_SECONDS)
        lock.truncate(0)
        lock.write(run_id)
        lock.flush()
        yield


def busy_with(busy: Mapping[str, str]) -> str:
    """Which run has locked which sources, in a line."""
    runs: dict[str, list[str]] = {}
    for source_id, run_id in busy.items():
        runs.setdefault(run_id, []).append(source_id)
    return "; ".join(
        f"run {run} is collecting {', '.join(ids[:MAX_NAMED])}"
        + (f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else "")
        for run, ids in runs.items()
    )
