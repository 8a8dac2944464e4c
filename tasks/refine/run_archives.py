"""The archive files of a run that was killed, or is rebuilt; refined, they are a run again."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.installation import Installation
from tasks.locks.run_locks import started_at
from tasks.model import Batch
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool
from tasks.refine.refine_source import refine_run_archive
from warehouse.layers.commits import commits_of, read_commit, warc_name
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


def refine_archives(
    installation: Installation, run_id: str, names: Iterable[str], pool: PagePool, part: int = 1
) -> Run | None:
    """Refine archive files of a run, as a part of it; None when there are none."""
    warcs = found_archives(installation.layout, names)
    batches = [refine_run_archive(installation, run_id, warc, pool) for warc in warcs]
    return run_part(run_id, batches, part) if batches else None


def run_part(run_id: str, batches: Sequence[Batch], part: int = 1, flow: str = "ingest") -> Run:
    """Refined archive files as a run, or a part of one, to be loaded."""
    now, numbered = datetime.now(UTC), {"part": part} if part > 1 else {}
    version = str(EXTRACTOR_VERSION)
    return Run(run_id, tuple(batches), flow, started_at(run_id), now, version, numbered)
