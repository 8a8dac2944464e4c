"""Whose turn a paper is: one run at a time collects it, until that run is published."""

import fcntl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO

from tasks.sources.source import Source
from warehouse.layers.layout import Layout
from warehouse.store.source_leases import stored_turn

LOOK_AGAIN_SECONDS = 0.5


class SourceBusy(Exception):  # noqa: N818 - it is what is the case
    """Another run is collecting the source."""

    def __init__(self, source_id: str, run_id: str) -> None:
        super().__init__(f"{source_id} is being collected by run {run_id or 'unknown'}")
        self.source_id, self.run_id = source_id, run_id


@dataclass(frozen=True, slots=True)
class Turn:
    """The papers that a run may collect, and those that another run has."""

    sources: tuple[Source, ...]
    busy: Mapping[str, str]
    """Id of the run that has it, by source id."""
    has_waited: bool = False
    """Whether another run had to end first."""


@contextmanager
def turn(
    layout: Layout,
    run_id: str,
    sources: Iterable[Source],
    waiting: Callable[[str], None] | None = None,
) -> Iterator[Turn]:
    """Keep other runs from collecting the sources while the body runs.

    Args:
        layout: The folders.
        run_id: Whom others are told to wait for.
        sources: The papers wanted.
        waiting: Told, once a run, what is waited for; without it busy papers are left out.
    """
    wanted = sorted(sources, key=lambda source: source.id)
    busy: dict[str, str] = {}
    waits: list[str] = []

    def told(why: str) -> None:
        waits.append(why)
        if waiting:
            waiting(why)

    def told_of(others: Mapping[str, str]) -> None:
        told(busy_with(others))

    with ExitStack() as held:
        # Always in the order of their ids, so that two runs never wait for each other.
        for source in wanted:
            try:
                held.enter_context(source_lock(layout, source.id, run_id, waiting and told))
            except SourceBusy as other:
                busy[source.id] = other.run_id
        free = [one.id for one in wanted if one.id not in busy]
        tell = told_of if waiting else None
        busy |= held.enter_context(stored_turn(layout, run_id, free, tell))
        yield Turn(tuple(one for one in wanted if one.id not in busy), busy, bool(waits))


@contextmanager
def source_lock(
    layout: Layout,
    source_id: str,
    run_id: str = "",
    waiting: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Be the only one to collect a source; the kernel frees the lock when the process ends.

    Raises:
        SourceBusy: at once, when another run has it and `waiting` is not given.
    """
    layout.locks.mkdir(parents=True, exist_ok=True)
    with (layout.locks / f"{source_id}.source").open("a+") as mark:
        told = None
        while not _try_lock(mark):
            other = SourceBusy(source_id, _holder(mark))
            if waiting is None:
                raise other
            if other.run_id != told:
                waiting(str(other))
                told = other.run_id
            time.sleep(LOOK_AGAIN_SECONDS)
        mark.truncate(0)
        mark.write(run_id)
        mark.flush()
        yield


def busy_with(busy: Mapping[str, str]) -> str:
    """Who has which papers, in a line."""
    runs: dict[str, list[str]] = {}
    for source_id, run_id in busy.items():
        runs.setdefault(run_id, []).append(source_id)
    return "; ".join(f"run {run} is collecting {_some(ids)}" for run, ids in runs.items())


def _some(ids: Sequence[str], most: int = 5) -> str:
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return ", ".join(ids[:most]) + more


def _holder(mark: IO[str]) -> str:
    mark.seek(0)
    return mark.read().strip()


def _try_lock(mark: IO[str]) -> bool:
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
