"""The archive files of a run that was killed, or is rebuilt."""

from collections.abc import Iterable
from pathlib import Path

from tasks.partition.partitions import warc_name
from warehouse.layers.commits import commits_of, read_commit
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import SUFFIX, archive_files, download_archive


def uncommitted_archives(layout: Layout, run_id: str) -> list[str]:
    """A run's archive files that are in none of its commits, as paths below the data folder."""
    commits = (read_commit(layout.commits, name) for name in commits_of(layout.commits, run_id))
    committed = {name for commit in commits if commit for name in commit.warcs}
    ours = (name for name in archive_files(layout) if name.endswith(f"/{run_id}{SUFFIX}"))
    names = (warc_name(layout, layout.raw / name) for name in ours)
    return [name for name in names if name not in committed]


def found_archives(layout: Layout, names: Iterable[str]) -> list[Path]:
    """The archive files that exist; those that only the store has are downloaded."""
    paths = [layout.root / name for name in names]
    for path in paths:
        download_archive(layout, path.relative_to(layout.raw).as_posix())
    return [path for path in paths if path.exists()]
