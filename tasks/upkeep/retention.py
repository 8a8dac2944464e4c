"""Retention: removes raw archives beyond an age or a size, and leftovers of crashed runs."""

import logging
import shutil
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.locks.run_locks import begun_runs
from warehouse.build.publish import snapshots
from warehouse.layers.atomic_write import sync
from warehouse.layers.commits import PART, committed_runs, read_commit
from warehouse.layers.layout import Layout
from warehouse.layers.writer_lock import try_lock
from warehouse.store.archive_files import (
    SUFFIX,
    Removed,
    archive_files,
    expired_archives,
    removed_archives,
    write_removed,
)
from warehouse.store.working_copy import pulled_and_pushed

# Days for which a robots.txt and a parsed listing stay in the cache. The one is fetched again after
# a day, the other can be parsed again from the archive; some sites have a sitemap for each day.
CACHE_DAYS = 30

log = logging.getLogger(__name__)


def drop_archives(
    layout: Layout, days: int, megabytes: int, *, now: datetime | None = None
) -> list[Path]:
    """Remove the archive files of old runs; their articles stay in Parquet.

    Only committed runs are removed, each as a whole, the oldest first: those that began more than
    `days` days ago, then others until the archive is no larger than `megabytes`. 0 is no limit.
    Returns the removed files.
    """
    moment = now or datetime.now(UTC)
    with pulled_and_pushed(layout):
        known = removed_archives(layout)
        # Removals are recorded first, so that the next call finishes a killed one.
        _unlink(layout.root / place for place in expired_archives(layout))
        due = _archives_to_remove(layout, days, megabytes, moment)
        paths = [layout.root / place for place in due]
        if paths:
            write_removed(layout, {**known, **due})
            _unlink(paths)
    return paths


def _archives_to_remove(layout: Layout, days: int, megabytes: int, now: datetime) -> Removed:
    """The archive files of committed runs that are to be removed."""
    files_of_run: dict[str, dict[str, int]] = defaultdict(dict)
    for name, size in archive_files(layout).items():
        place = f"{layout.raw.name}/{name}"
        files_of_run[Path(name).name.removesuffix(SUFFIX)][place] = size
    alive = set(begun_runs(layout))
    archived = []
    commits = {name.partition(PART)[0]: name for name in committed_runs(layout.commits)}
    for run_id in commits.keys() & files_of_run.keys() - alive:
        commit = read_commit(layout.commits, commits[run_id])
        begun = commit and (commit.started_at or commit.finished_at)
        if begun:
            archived.append((begun, run_id))
    last = now - timedelta(days=days)
    bytes_kept = sum(size for _, run_id in archived for size in files_of_run[run_id].values())
    due: dict[str, dict[str, Any]] = {}
    for begun, run_id in sorted(archived):
        if days and begun < last:
            why = f"older than {days} days"
        elif megabytes and bytes_kept > megabytes * 1_000_000:
            why = f"more than {megabytes} MB"
        else:
            break
        for place, size in files_of_run[run_id].items():
            due[place] = {"bytes": size, "removed_at": now.isoformat(), "why": why}
            bytes_kept -= size
    return due


def _unlink(paths: Iterable[Path]) -> None:
    folders = set()
    for path in paths:
        if path.exists():
            path.unlink()
            folders.add(path.parent)
    for folder in folders:
        sync(folder)


def drop_snapshots(layout: Layout, older_than: datetime) -> list[Path]:
    """Remove snapshots that were published earlier, except the current one; return them."""
    with pulled_and_pushed(layout, log.info):
        current = layout.current.parent.resolve()
        found = [path for path in snapshots(layout) if path.resolve() != current]
        due = [path for path in found if path.stat().st_mtime < older_than.timestamp()]
        for path in due:
            shutil.rmtree(path)
    return due


def drop_leftovers(layout: Layout, older_than: datetime) -> list[Path]:
    """Remove files that no run will use again: staged rows, marks, caches; return them."""
    with pulled_and_pushed(layout):
        alive = set(begun_runs(layout))
        found = [path for path in layout.stage.glob("*") if path.name not in alive]
        # Not `*.source`: if one is removed while a run opens it, two runs may lock one source.
        for path in layout.locks.glob("*.new"):
            with path.open() as mark:
                if try_lock(mark):
                    found.append(path)
        found += layout.prints.glob("*/*.new")
        for path in layout.prints.glob("*/*.arrow"):
            if not (layout.raw / path.parent.name / f"{path.stem}{SUFFIX}").exists():
                found.append(path)
        unused = older_than - timedelta(days=CACHE_DAYS)
        for folder in (layout.cache / "robots", layout.cache / "listings"):
            files = (path for path in folder.rglob("*") if path.is_file())
            found += (path for path in files if _is_older(path, unused))
        due = [path for path in found if _is_older(path, older_than)]
        for path in due:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return due


def _is_older(path: Path, moment: datetime) -> bool:
    try:
        return path.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:  # renamed meanwhile by a run that finished it
        return False
