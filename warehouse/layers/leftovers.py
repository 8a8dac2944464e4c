"""Cleans up after killed writers: files that no commit names, a rebuilt layer not yet in place."""

import shutil
from pathlib import Path

from warehouse.layers.atomic_write import sync, write_whole
from warehouse.layers.commits import commit_of, committed_runs, named_files
from warehouse.layers.layout import Layout

BEGUN = ".begun"
READY = ".ready"


def mark_begun(folder: Path, commit_id: str) -> None:
    """Mark that a commit's files are being written, to find its leftovers after a crash."""
    write_whole(folder / f".{commit_id}{BEGUN}", b"")


def mark_done(folder: Path, commit_id: str) -> None:
    """Remove the mark, once the commit is written."""
    (folder / f".{commit_id}{BEGUN}").unlink(missing_ok=True)


def sweep(layout: Layout) -> list[Path]:
    """Remove orphaned files of crashed runs and finish an interrupted swap; returns the files.

    The caller holds the writer's lock. Without crashed runs no folder of a layer is read.
    """
    _finish_swap(layout)
    rebuilt = layout.next_commits
    begun = begun_commits(layout.commits)
    crashed = begun | begun_commits(rebuilt) | set(committed_runs(rebuilt))
    removed = []
    if crashed:
        named = {layout.root / path for path in named_files(layout.commits, crashed)}
        files = (path for path in _layer_files(layout) if commit_of(path) in crashed)
        removed = [path for path in files if path not in named]
    for path in removed:
        path.unlink()
    for name in begun:
        mark_done(layout.commits, name)
    shutil.rmtree(rebuilt, ignore_errors=True)
    return removed


def unnamed_files(layout: Layout) -> list[Path]:
    """Files of the layers that nothing names and no run is writing; needs no lock."""
    rebuilt = layout.next_commits
    found = _layer_files(layout)
    # After the listing: runs that were writing then are still marked, or have a commit by now.
    begun = begun_commits(layout.commits) | begun_commits(rebuilt)
    writing = begun | set(committed_runs(rebuilt))
    named = {layout.root / path for path in named_files(layout.commits)}
    unnamed = (path for path in found if path not in named and commit_of(path) not in writing)
    return [path for path in unnamed if path.exists()]


def _layer_files(layout: Layout) -> list[Path]:
    folders = (layout.articles, layout.captures, layout.stripped_blocks)
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def begun_commits(folder: Path) -> set[str]:
    """The ids of commits whose files were being written, or still are."""
    marks = folder.glob(f".*{BEGUN}")
    return {mark.name.removeprefix(".").removesuffix(BEGUN) for mark in marks}


def swap_commits(layout: Layout) -> None:
    """Put a rebuilt layer's commits in place of the old ones at once, and remove the old files."""
    write_whole(layout.next_commits / READY, b"")
    _finish_swap(layout)


def _finish_swap(layout: Layout) -> None:
    rebuilt, old = layout.next_commits, layout.root / "commits.old"
    # The mark moves with the folder, so that the next process can finish a killed swap.
    if (rebuilt / READY).exists():
        if layout.commits.exists():
            shutil.rmtree(old, ignore_errors=True)
            layout.commits.rename(old)
        rebuilt.rename(layout.commits)
        sync(layout.root)
    if (layout.commits / READY).exists():
        for superseded in named_files(old) - named_files(layout.commits):
            (layout.root / superseded).unlink(missing_ok=True)
        shutil.rmtree(old, ignore_errors=True)
        (layout.commits / READY).unlink()
