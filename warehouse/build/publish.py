"""Publishing: the loaded warehouse is copied to a snapshot, and the symlink of readers swapped."""

import shutil
from pathlib import Path

from warehouse.build.file_copy import copy_over, is_shared
from warehouse.build.index_vintages import keep_vintages
from warehouse.build.manifest import NAME, manifest
from warehouse.build.snapshots import published_load, show, snapshot_folder, snapshots
from warehouse.build.writer_file import opened
from warehouse.layers.atomic_write import sync, write_whole
from warehouse.layers.layout import Layout

KEPT = 3
"""Snapshots kept. A reader keeps the one that it has open."""


def publish_locked(layout: Layout) -> Path | None:
    """Publish the last load, unless readers already have it; for the holder of the writer's lock.

    Returns:
        The new snapshot's file; None when there was nothing new to publish.
    """
    settled = _settle(layout) if layout.writer.exists() else None
    if settled is None:
        return None
    number, files = settled
    snapshot = _copy(layout, number)
    write_whole(snapshot.with_name(NAME), files)
    show(layout, snapshot.parent)
    return snapshot


def _settle(layout: Layout) -> tuple[int, bytes] | None:
    """Checkpoint the last load into the file, and write the vintages of the index.

    Returns:
        The load's number and the manifest; None when there is no load, or readers already have it.
    """
    with opened(layout) as con:
        if not con.execute("FROM duckdb_tables() WHERE table_name = 'loads'").fetchall():
            return None
        number = int(con.execute("SELECT coalesce(max(load_no), 0) FROM loads").fetchall()[0][0])
        if number <= published_load(layout):
            return None
        keep_vintages(con, layout)
        files = manifest(con, number)
        con.execute("CHECKPOINT")
    log = layout.writer.with_name(layout.writer.name + ".wal")
    if log.exists():
        raise RuntimeError(f"{log} is still there after a checkpoint")
    return number, files


def _copy(layout: Layout, number: int) -> Path:
    folder = snapshot_folder(layout, number)
    shutil.rmtree(folder, ignore_errors=True)
    spare = _spare(layout)
    copy_over(layout.writer, spare)
    folder.mkdir(parents=True)
    snapshot = spare.rename(folder / layout.writer.name)
    sync(folder)
    return snapshot


def _spare(layout: Layout) -> Path:
    """Where to write the next snapshot: over an old one, if nobody reads it.

    Most of its blocks are in the next one, too. It is renamed first, so that nobody opens it later.
    """
    for folder in snapshots(layout)[: 1 - KEPT]:
        if folder != layout.current.parent.resolve():
            old = folder / layout.writer.name
            if old.exists():
                old.rename(layout.spare)
            shutil.rmtree(folder, ignore_errors=True)
    if layout.spare.exists() and is_shared(layout.spare):
        layout.spare.unlink()
    return layout.spare
