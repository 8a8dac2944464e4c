"""Backup: a second data folder that is consistent at all times, copied while ingests run.

A run writes its archive files, then Parquet, then its commit, which makes the files count. A backup
reads all commits at once under the writer's lock, releases it, and copies the files that they name.
As in a run, the commits are written last, so the copy never has only a part of a run.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks.upkeep.backup_target import lost_since, refusal, unknown_in
from warehouse.damage.layer_findings import document_findings, read_committed
from warehouse.layers.commits import CommittedFile, read_commits
from warehouse.layers.findings import LayersBroken
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import BEGUN, swap_commits, sweep
from warehouse.layers.parquet import file_sha256
from warehouse.store.archive_files import archive_files, download_archive
from warehouse.store.link import SMALL_FILES
from warehouse.store.working_copy import pulled_and_pushed

# Files that cannot be rebuilt from a layer; the second refers to versions in the first.
HISTORIES = ("definitions.json", "topic_changes.json", "removed.json")
# An archive file that is being written; its copy is cut when the run is finished there.
OPEN = ".open"


class BackupFailed(Exception):  # noqa: N818 - the message is for people
    """A file could not be copied; or the target is not an earlier copy, and is unchanged."""


@dataclass(frozen=True, slots=True)
class Backup:
    """The content of the copy, in numbers."""

    runs: int
    parquet_files: int
    archives: int
    copied: int  # files that were new or had grown


def back_up(
    layout: Layout, target: Path, waiting: Callable[[str], None] = lambda message: None
) -> Backup:
    """Update the copy of a data folder in `target`, into which nothing else may ingest.

    The DuckDB file, which can be rebuilt, and the cache are left out. BackupFailed when a file is
    gone or differs from its commit, or the target has data that this folder lacks: it belongs to
    another installation, is newer, or a repair could not restore all that it has. LayersBroken when
    a document is damaged: the backup may have an intact one.
    """
    copy, coming = Layout(target), Layout(target / "coming")
    with _naming_the_path(target), pulled_and_pushed(copy, waiting):
        with _naming_the_path(layout.root), pulled_and_pushed(layout, waiting):
            committed = read_committed(layout)
            if damaged := [*committed.findings, *document_findings(layout)]:
                raise LayersBroken(damaged)
            if unknown := unknown_in(copy, layout):
                raise BackupFailed(refusal(copy, layout, unknown))
            if lost := lost_since(copy, layout):
                raise BackupFailed(
                    f"{target} still has what {layout.root} has lost: {lost}; a backup would delete"
                    " it there: name another folder, and keep this one"
                )
            sweep(copy)
            shutil.rmtree(coming.root, ignore_errors=True)
            sweep(layout)
            here = {path.relative_to(layout.raw).as_posix() for path in layout.raw.glob("*/*")}
            archives = here | archive_files(layout).keys()
            # Small files are copied under the lock.
            for path in (p for at in (*SMALL_FILES, "locks/*.run") for p in layout.root.glob(at)):
                there = coming.root / path.relative_to(layout.root)
                _copy(path, there)
        commits = read_commits(coming.commits)
        named = {file.path: file for commit in commits for file in commit.files}
        copy.commits.mkdir(parents=True, exist_ok=True)
        for commit in commits:
            if not all((copy.root / file.path).exists() for file in commit.files):
                # As in a run: `sweep` then removes the files of an interrupted backup.
                (copy.commits / f".{commit.id}{BEGUN}").touch()
        copied = sum(_copy_named(layout, copy, file) for file in named.values())
        copied += sum(_copy_archive(layout, copy, name) for name in sorted(archives))
        _take_over(coming, copy)
    return Backup(len(commits), len(named), len(archives), copied)


@contextmanager
def _naming_the_path(place: Path) -> Iterator[None]:
    """Add a path to system errors that name none, such as for a full disk."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(place)
        raise


def _copy_named(layout: Layout, copy: Layout, file: CommittedFile) -> bool:
    there = copy.root / file.path
    if there.exists() and there.stat().st_size == file.bytes:
        return False
    try:
        _copy(layout.root / file.path, there)
    except FileNotFoundError:
        why = "is gone: a layer was rebuilt during the backup; run the backup again"
        raise BackupFailed(f"{file.path} {why}") from None
    if file_sha256(there) != file.sha256:
        there.unlink()
        raise BackupFailed(f"{file.path} is not what its commit says: it is damaged")
    return True


def _copy_archive(layout: Layout, copy: Layout, name: str) -> bool:
    """Copy an archive file; if its run has closed it in the meantime, under its new name."""
    here, there = layout.raw / name, copy.raw / name
    if not there.exists():
        download_archive(layout, name)
    if name.endswith(OPEN) and not here.exists():
        here, there = here.with_suffix(""), there.with_suffix("")
    if not here.exists() or (there.exists() and there.stat().st_size == here.stat().st_size):
        return False
    if there.exists() and here.stat().st_size < there.stat().st_size:
        raise BackupFailed(f"{here} is shorter than {there}: it is damaged, restore it from there")
    _copy(here, there)
    there.with_name(there.name + OPEN).unlink(missing_ok=True)
    return True


def _copy(here: Path, there: Path) -> None:
    there.parent.mkdir(parents=True, exist_ok=True)
    half = there.with_name(f".{there.name}.half")
    with _naming_the_path(there):
        shutil.copyfile(here, half)
    half.rename(there)


def _take_over(coming: Layout, copy: Layout) -> None:
    """Put the small files in place, the commits at once and last."""
    copy.locks.mkdir(exist_ok=True)
    _replace_matching(coming.vintages, copy.vintages, "*/*.parquet")
    for name in HISTORIES:
        if (coming.root / name).exists():
            (coming.root / name).rename(copy.root / name)
    # Files of audits that only the copy has are kept: audits are never deleted.
    _move(coming.audits, copy.audits, "*/*.json")
    _replace_matching(coming.locks, copy.locks, "*.run")
    if coming.commits.exists():
        coming.commits.rename(copy.next_commits)
        os.sync()
        swap_commits(copy)
    shutil.rmtree(coming.root, ignore_errors=True)


def _replace_matching(coming: Path, there: Path, pattern: str) -> None:
    """Move the files that match a pattern into the copy, and remove other matches there."""
    wanted = {path.relative_to(coming) for path in coming.glob(pattern)}
    for old in there.glob(pattern):
        if old.relative_to(there) not in wanted:
            old.unlink()
    _move(coming, there, pattern)


def _move(coming: Path, there: Path, pattern: str) -> None:
    for path in coming.glob(pattern):
        new = there / path.relative_to(coming)
        new.parent.mkdir(parents=True, exist_ok=True)
        path.rename(new)
