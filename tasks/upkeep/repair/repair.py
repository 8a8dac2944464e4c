"""Repairs the findings of verification, layer by layer and without the network.

The order is that of the layers: commits, documents, Parquet, archives, DuckDB files. A repair may
be killed at any time: the next one finds what is still damaged.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tasks.upkeep.repair.archives import repair_archive
from tasks.upkeep.repair.documents import (
    restore_audit_file,
    restore_changes,
    restore_definitions,
    restore_removed,
    restore_vintage,
)
from tasks.upkeep.repair.from_store import download_again
from tasks.upkeep.repair.lost_commits import is_whole_commit, restore_commit, restore_compaction
from tasks.upkeep.repair.quarantine import move_away
from tasks.upkeep.repair.report import Repaired
from tasks.upkeep.repair.restored_rows import Refine, restore_rows
from tasks.upkeep.repair.snapshots import (
    drop_other_writer,
    drop_snapshots,
    rebuild_writer_later,
    replace_snapshot,
    write_manifest,
)
from tasks.upkeep.verification import findings
from warehouse.build.schema_version import refuse_newer_writer
from warehouse.damage.layer_findings import (
    missing_commits,
    parquet_findings,
    read_committed,
    rows_of_files,
)
from warehouse.layers.commits import commit_of, named_files, run_of_commit
from warehouse.layers.compactions import DAY_PREFIX
from warehouse.layers.documents import UPGRADE
from warehouse.layers.findings import Finding, Kind, LayersBroken
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import sweep
from warehouse.store.link import read_link
from warehouse.store.objects import StoreError
from warehouse.store.working_copy import pulled_and_pushed

MAX_ROUNDS = 5  # damage may hide other damage
# Kinds of files of which a store has copies.
_STORED: tuple[Kind, ...] = (
    *("definitions", "topic changes", "vintage", "removed archives", "audit"),
    *("commit", "compaction", "parquet", "archive file", "archive record"),
)
# Files that are damaged or gone, by kind.
Damaged = Mapping[Kind, set[Path]]


def repair(
    layout: Layout,
    refine: Refine,
    # Refines and loads these runs, of which only archives remain, loads all other commits that are
    # not loaded yet, and publishes.
    load: Callable[[Sequence[str]], object],
    waiting: Callable[[str], None] = lambda message: None,
) -> Repaired:
    """Repair damaged files; those that cannot be repaired are quarantined and reported.

    A killed repair is repeated by the next one. LayersBroken when damage remains after the repair,
    or a file was written by a newer version; StoreError when a store itself is damaged.
    """
    done = Repaired()
    found = list(findings(layout))
    for number in range(MAX_ROUNDS):
        if not found:
            return done
        if newer := [finding for finding in found if finding.remedy == UPGRADE]:
            raise LayersBroken(newer)
        with pulled_and_pushed(layout, waiting):
            refuse_newer_writer(layout)
            damaged = _damaged_by_kind(layout, found, done)
            lost = _repair_documents(layout, damaged, done)
            restore_rows(layout, refine, damaged["parquet"], done)
            for path in sorted(damaged["parquet"] - _named_paths(layout)):
                if path.exists():
                    move_away(layout, path)
                    done.add_lost(path, "quarantined; no commit names it")
            for path in sorted(damaged["archive file"] | damaged["archive record"]):
                if path.is_relative_to(layout.raw):  # a backfill's are somebody else's
                    repair_archive(layout, path, done)
            _repair_warehouse(layout, damaged, done, is_repeated=number > 0)
        load(lost)
        with pulled_and_pushed(layout, waiting):
            drop_snapshots(layout, {path.parent for path in damaged["snapshot"]})
        found = list(findings(layout))
    raise LayersBroken(found)


def _damaged_by_kind(layout: Layout, found: Iterable[Finding], done: Repaired) -> Damaged:
    """The damaged files by kind, without those that were downloaded again from the store."""
    link = read_link(layout)
    damaged: dict[Kind, set[Path]] = defaultdict(set)
    for finding in found:
        if finding.kind == "store object":
            raise StoreError(f"{link.url if link else 'the store'} is damaged itself: {finding}")
        path = finding.file
        if finding.kind in ("snapshot", "manifest", "writer file"):
            path = path.parent.resolve() / path.name
        damaged[finding.kind].add(path)
    if link:
        for kind in _STORED:
            damaged[kind] = {
                path for path in damaged[kind] if not download_again(layout, link, path, done)
            }
    return damaged


def _repair_documents(layout: Layout, damaged: Damaged, done: Repaired) -> list[str]:
    """Make all documents again, commits first; returns runs of which only archives are left."""
    for path in sorted(damaged["compaction"]):
        # With a damaged record no commits can be read. Until it is made again below, the files that
        # it replaced count as gone, and the compacted files as unnamed.
        path.unlink(missing_ok=True)
    lost = _repair_commits(layout, damaged["commit"], done)
    days = {(path.stem.split(".")[0], path.stem.split(".")[1]) for path in damaged["compaction"]}
    days |= {
        (path.relative_to(layout.root).parts[0], commit_of(path).removeprefix(DAY_PREFIX))
        for path in damaged["parquet"] - _named_paths(layout)
        if commit_of(path).startswith(DAY_PREFIX)
    }
    for layer, day in sorted(days):
        restore_compaction(layout, layer, day, done)
    sweep(layout)
    if damaged["commit"] or days:  # now their files can be checked as well
        files = rows_of_files(read_committed(layout).commits)
        damaged["parquet"].update(one.file for one in parquet_findings(layout, files.items()))
    for path in damaged["state file"]:
        move_away(layout, path)
        done.add_repaired(path, "made again by the next run")
    if damaged["removed archives"]:
        restore_removed(layout, done)
    if damaged["definitions"]:
        restore_definitions(layout, done)
    if damaged["topic changes"]:
        restore_changes(layout, done)
    for path in sorted(damaged["vintage"]):
        restore_vintage(layout, path, done)
    for path in sorted(damaged["audit"]):
        restore_audit_file(layout, path, done)
    return lost


def _repair_commits(layout: Layout, damaged: Iterable[Path], done: Repaired) -> list[str]:
    """Make commits again; returns the runs of those that only archives can give."""
    broken = [path.stem for path in sorted(damaged) if not is_whole_commit(path)]
    lost = [run_of_commit(name) for name in broken if not restore_commit(layout, name, done)]
    if broken:
        # While a commit cannot be read, verification does not look for runs without one.
        missing = missing_commits(layout, read_committed(layout), lost)
        gone = [finding.file.stem for finding in missing if finding.kind == "commit"]
        lost += [run_of_commit(name) for name in gone if not restore_commit(layout, name, done)]
    return lost


def _named_paths(layout: Layout) -> set[Path]:
    return {layout.root / name for name in named_files(layout.commits)}


def _repair_warehouse(
    layout: Layout, damaged: Damaged, done: Repaired, *, is_repeated: bool
) -> None:
    for path in sorted(damaged["manifest"]):
        snapshot = path.with_name(layout.writer.name)
        if snapshot not in damaged["snapshot"] and not write_manifest(layout, path, done):
            damaged["snapshot"].add(snapshot)
    if damaged["writer file"] or (damaged["snapshot"] and is_repeated):
        rebuild_writer_later(layout, done)
    else:
        drop_other_writer(layout, done)
    if damaged["snapshot"]:
        replace_snapshot(layout, done)
