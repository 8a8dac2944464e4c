"""Makes the loader's file, snapshots and their manifests again from their sources."""

import shutil
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from tasks.upkeep.repair.databases import opened_copy
from tasks.upkeep.repair.report import Repaired
from warehouse.build import loader
from warehouse.build.manifest import manifest
from warehouse.build.publish import snapshots
from warehouse.build.writer_file import drop_writer
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.commits import read_commits
from warehouse.layers.layout import Layout


def rebuild_writer_later(layout: Layout, done: Repaired) -> None:
    """Drop the loader's file, which the next load makes again from Parquet."""
    drop_writer(layout)
    done.add_repaired(layout.writer, "made again from Parquet")


def drop_other_writer(layout: Layout, done: Repaired) -> None:
    """Drop the loader's file if it cannot be read or was loaded from files that no commit names."""
    if not layout.writer.exists():
        return
    commits = read_commits(layout.commits)
    committed = {(file.path, file.sha256) for commit in commits for file in commit.files}
    try:
        with opened_copy(layout.writer) as con:
            loaded = set(con.execute("SELECT path, sha256 FROM files").fetchall())
    except duckdb.Error:
        loaded = {("", "")}
    if not loaded <= committed:
        rebuild_writer_later(layout, done)


def replace_snapshot(layout: Layout, done: Repaired) -> None:
    """Prepare the loader's file to be published again, under the next number."""
    with loader.open_writer(layout) as con:
        if loader.last_load(con):
            with loader.transaction(con):
                number = loader.next_load(con, layout)
                loader.record_load(con, number, datetime.now(UTC), (), ())
    done.add_repaired(layout.current, "published again from the loader's file")


def write_manifest(layout: Layout, path: Path, done: Repaired) -> bool:
    """Write the manifest of a snapshot from the snapshot; return whether that can be read."""
    number = int(path.parent.name.rpartition("-")[2])
    try:
        with opened_copy(path.with_name(layout.writer.name)) as con:
            write_whole(path, manifest(con, number))
    except duckdb.Error:
        return False
    done.add_repaired(path, "made again from its snapshot")
    return True


def drop_snapshots(layout: Layout, damaged: Collection[Path]) -> None:
    """Remove damaged snapshots, given by their resolved folders, that are no longer current."""
    current = layout.current.parent.resolve()
    for folder in snapshots(layout):
        if folder.resolve() in damaged and folder.resolve() != current:
            shutil.rmtree(folder)
