"""Locks of runs: which runs are alive, and which died before they had finished."""

import secrets
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from warehouse.layers.layout import Layout
from warehouse.layers.writer_lock import try_lock

SUFFIX = ".run"


def new_run_id(started_at: datetime | None = None) -> str:
    """A run's id: its start in UTC and six random digits, so that ids sort by time."""
    start = started_at or datetime.now(UTC)
    return f"{start:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@contextmanager
def run_lock(layout: Layout, run_id: str) -> Iterator[None]:
    """Lock a file named after the run; it stays, unlocked, when the body raises or is killed."""
    layout.locks.mkdir(parents=True, exist_ok=True)
    path = layout.locks / f"{run_id}{SUFFIX}"
    fresh = path.with_suffix(".new")
    with fresh.open("w") as lock:
        try_lock(lock)
        fresh.rename(path)
        yield
        path.unlink()


def reopen(layout: Layout, run_id: str) -> None:
    """Let `adopt_unfinished` yield a finished run, since an archive of it was closed later."""
    layout.locks.mkdir(parents=True, exist_ok=True)
    (layout.locks / f"{run_id}{SUFFIX}").touch()


def is_alive(layout: Layout, run_id: str) -> bool:
    """Whether a run is in progress."""
    try:
        with (layout.locks / f"{run_id}{SUFFIX}").open() as lock:
            return not try_lock(lock)
    except FileNotFoundError:
        return False


def begun_runs(layout: Layout) -> list[str]:
    """Ids of runs that are in progress or ended early."""
    return sorted(path.stem for path in layout.locks.glob(f"*{SUFFIX}"))


def adopt_unfinished(layout: Layout) -> Generator[str]:
    """Yield ids of runs whose process died, oldest first; resuming marks the run as finished."""
    for path in sorted(layout.locks.glob(f"*{SUFFIX}")):
        try:
            lock = path.open()
        except FileNotFoundError:
            continue
        with lock:
            if try_lock(lock) and path.exists():
                yield path.stem
                path.unlink()


def started_at(run_id: str) -> datetime:
    """When a run began, from its id."""
    return datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
