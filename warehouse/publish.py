"""Handing the loaded warehouse to its readers: a snapshot of the file, and one symlink swapped."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.durable import sync
from warehouse.layout import Layout
from warehouse.lock import writer_lock
from warehouse.manifest import write_manifest
from warehouse.vintages import keep_vintages

KEPT = 3
"""Snapshots that stay; an open reader keeps its own for as long as it reads."""
_SNAPSHOT = re.compile(r"snapshot-(\d+)")


def publish(layout: Layout, waiting: Callable[[str], None] = lambda message: None) -> Path | None:
    """Publish the last load, unless readers already have it.

    Returns:
        The new snapshot's file; None when there was nothing new to publish.
    """
    with writer_lock(layout, waiting):
        return publish_locked(layout)


def publish_locked(layout: Layout) -> Path | None:
    """`publish`, for the holder of the writer's lock."""
    number = _settled_load(layout) if layout.writer.exists() else 0
    if number <= published_load(layout):
        return None
    keep_vintages(layout)
    snapshot = _copy(layout, number)
    write_manifest(snapshot, number)
    _swap(layout, snapshot.parent)
    _prune(layout)
    return snapshot


def published_load(layout: Layout) -> int:
    """Number of the load that readers see; 0 before the first."""
    if not layout.current.exists():
        return 0
    found = _SNAPSHOT.fullmatch(layout.current.parent.resolve().name)
    return int(found[1]) if found else 0


def _settled_load(layout: Layout) -> int:
    """Number of the writer's last load, all of it in one file with no log beside it."""
    with duckdb.connect(str(layout.writer)) as con:
        if not con.execute("FROM duckdb_tables() WHERE table_name = 'loads'").fetchall():
            return 0
        number = con.execute("SELECT coalesce(max(load_no), 0) FROM loads").fetchall()[0][0]
        con.execute("CHECKPOINT")
    log = layout.writer.with_name(layout.writer.name + ".wal")
    if log.exists():
        raise RuntimeError(f"{log} is still there after a checkpoint")
    return int(number)


def _copy(layout: Layout, number: int) -> Path:
    folder = layout.warehouse / f"snapshot-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    half = folder / f"{layout.writer.name}.tmp"
    _copy_file(layout.writer, half)
    sync(half)
    snapshot = half.rename(folder / layout.writer.name)
    sync(folder)
    return snapshot


def _copy_file(source: Path, target: Path) -> None:
    copier = shutil.which("cp")
    if copier:
        command = [copier, "--reflink=auto", "--", str(source), str(target)]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:  # noqa: S603
            return
    shutil.copyfile(source, target)


def _swap(layout: Layout, folder: Path) -> None:
    link = layout.warehouse / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    os.replace(link, layout.current.parent)  # noqa: PTH105 - Path.replace would do the same
    sync(layout.warehouse)


def _prune(layout: Layout) -> None:
    numbered = _numbered(layout)
    seen = layout.current.parent.resolve().name
    for number in sorted(numbered)[:-KEPT]:
        if numbered[number].name != seen:
            shutil.rmtree(numbered[number], ignore_errors=True)


def _numbered(layout: Layout) -> dict[int, Path]:
    return {
        int(found[1]): path
        for path in layout.warehouse.glob("snapshot-*")
        if (found := _SNAPSHOT.fullmatch(path.name))
    }


def drop_snapshots(
    layout: Layout, older_than: datetime, waiting: Callable[[str], None] = lambda message: None
) -> list[Path]:
    """Remove snapshots that were published earlier, but for the one readers see; return them."""
    with writer_lock(layout, waiting):
        seen = layout.current.parent.resolve()
        found = [path for path in _numbered(layout).values() if path.resolve() != seen]
        due = [path for path in found if path.stat().st_mtime < older_than.timestamp()]
        for path in due:
            shutil.rmtree(path)
    return due
