"""Publishing: copying the loaded warehouse to a snapshot and switching readers to it."""

import os
import re
import shutil
from pathlib import Path

from warehouse.build.file_copy import copy_over, is_shared
from warehouse.build.index_vintages import keep_vintages
from warehouse.build.manifest import NAME, manifest
from warehouse.build.writer_file import opened
from warehouse.layers.atomic_write import sync, write_whole
from warehouse.layers.layout import Layout

_SNAPSHOT = re.compile(r"snapshot-(\d+)")
KEPT = 3  # snapshots; besides, a reader can go on reading the one that it has open


def publish_locked(layout: Layout) -> Path | None:
    """Publish the last load, and return the new snapshot's file; None when readers already have it.

    The caller holds the writer's lock.
    """
    unpublished = _checkpoint(layout) if layout.writer.exists() else None
    if unpublished is None:
        return None
    number, manifest_content = unpublished
    folder = snapshot_folder(layout, number)
    # Left by a publication of this load that was killed before it switched the symlink.
    shutil.rmtree(folder, ignore_errors=True)
    # Over an old snapshot: of a file of 1 GB only some 20 MB differ after three loads.
    for old in snapshots(layout)[: 1 - KEPT]:
        if old != layout.current.parent.resolve():
            # Renamed first, so that no process opens it meanwhile.
            if (old / layout.writer.name).exists():
                (old / layout.writer.name).rename(layout.spare)
            shutil.rmtree(old, ignore_errors=True)
    if layout.spare.exists() and is_shared(layout.spare):
        layout.spare.unlink()
    copy_over(layout.writer, layout.spare)
    folder.mkdir(parents=True)
    snapshot = layout.spare.rename(folder / layout.writer.name)
    sync(folder)
    write_whole(snapshot.with_name(NAME), manifest_content)
    show(layout, folder)
    return snapshot


def _checkpoint(layout: Layout) -> tuple[int, bytes] | None:
    """Write the vintages of the index, and the last load from DuckDB's log into the file.

    The load's number and the manifest; None when there is no load, or readers already have it.
    """
    with opened(layout) as con:
        if not con.execute("FROM duckdb_tables() WHERE table_name = 'loads'").fetchall():
            return None
        number = int(con.execute("SELECT coalesce(max(load_no), 0) FROM loads").fetchall()[0][0])
        if number <= published_load(layout):
            return None
        keep_vintages(con, layout)
        content = manifest(con, number)
        con.execute("CHECKPOINT")
    # Only the file is copied: rows that are still in the log would be missing from the snapshot.
    log = layout.writer.with_name(layout.writer.name + ".wal")
    if log.exists():
        raise RuntimeError(f"{log} still exists after a checkpoint")
    return number, content


def snapshot_folder(layout: Layout, load_no: int) -> Path:
    """The folder of a load's snapshot."""
    return layout.warehouse / f"snapshot-{load_no}"


def snapshots(layout: Layout) -> list[Path]:
    """The folders of the snapshots, oldest first."""
    found = {path: _SNAPSHOT.fullmatch(path.name) for path in layout.warehouse.iterdir()}
    numbers = {path: int(name[1]) for path, name in found.items() if name}
    return sorted(numbers, key=numbers.__getitem__)


def published_load(layout: Layout) -> int:
    """The number of the published load; 0 before the first."""
    if not layout.current.exists():
        return 0
    found = _SNAPSHOT.fullmatch(layout.current.parent.resolve().name)
    return int(found[1]) if found else 0


def show(layout: Layout, folder: Path) -> None:
    """Switch readers to a snapshot, atomically."""
    # A symlink cannot be changed: a new one is renamed over it.
    link = layout.warehouse / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    os.replace(link, layout.current.parent)  # noqa: PTH105 - Path.replace would do the same
    sync(layout.warehouse)
