"""Loads shards into the layers: a run, with its commit, for some thousand pages."""

import hashlib
import logging
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tasks.backfill.selection import SELECTIONS, Selection
from tasks.backfill.shard_processes import Refinement, ShardFailed, ShardPool
from tasks.backfill.shards import FLOW, Shard, ShardJob, Staged, done_work, work_of
from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.load.load_run import load
from tasks.locks.run_locks import new_run_id, started_at
from tasks.model import Batch
from tasks.partition.partitions import Run
from tasks.refine.refine_pages import Origin
from tasks.settings import Settings
from tasks.sources.source import Source
from tasks.topics.topic import Topic
from warehouse.layers.commits import Commit, read_commit
from warehouse.layers.layout import Layout

log = logging.getLogger(__name__)


def shard_folder(layout: Layout) -> Path:
    """Folder of staged shards; they survive a killed backfill."""
    return layout.stage / "shards"


def sweep_staged(layout: Layout) -> None:
    """Remove staged rows of done shards; only the one running backfill may call it."""
    found = list(shard_folder(layout).glob("*"))
    work = map(work_of, done_work(layout)) if found else ()
    done = {shard.key(selection) for selection, shards in work for shard in shards}
    for path in found:
        if path.name.partition("-")[0] in done:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@dataclass(frozen=True, slots=True)
class Place:
    """The settings by which shards are refined, and the data folder that they are loaded into."""

    layout: Layout
    sources: tuple[Source, ...]
    topics: tuple[Topic, ...]
    settings: Settings
    selection: Selection

    def job(self, shard: Shard, below: Path | None = None) -> ShardJob:
        """The work on a shard, staged `below` a folder, by default where others will find it.

        Staged rows are used again while rules and sources are the same.
        """
        sources = [(s.id, Origin.of(s).made_by, s.domains, s.listings) for s in self.sources]
        made_by = hashlib.sha256(f"{EXTRACTOR_VERSION} {sources}".encode()).hexdigest()[:12]
        limits = self.settings.limits
        return ShardJob(
            shard,
            self.selection,
            self.sources,
            (below or shard_folder(self.layout)) / f"{shard.key(self.selection)}-{made_by}",
            limits.max_bytes,
            limits.page_seconds,
        )


def grouped(refinements: Iterable[Refinement], pages: int) -> Iterator[list[Refinement]]:
    """Groups of shards in their order, each with `pages` pages or more, except the last.

    A resumed backfill forms the same groups.
    """
    group: list[Refinement] = []
    for refinement in refinements:
        group.append(refinement)
        if sum(one.pages for one in group if isinstance(one, Staged)) >= pages:
            yield group
            group = []
    if group:
        yield group


def load_shards(place: Place, shards: Sequence[Staged]) -> dict[str, int]:
    """Partition, commit and load staged shards; from then on they are done.

    Returns their captures by outcome, which distinguishes new articles from known ones.
    """
    run = run_of(shards, place.selection, new_run_id())
    processes = place.settings.processes
    load(place.layout, place.topics, place.sources, [run], processes=processes, waiting=log.info)
    for staged in shards:
        shutil.rmtree(staged.folder, ignore_errors=True)
    commit = read_commit(place.layout.commits, run.run_id)
    return dict(commit.totals) if commit else {}


def run_of(shards: Sequence[Staged], selection: Selection, run_id: str) -> Run:
    """Staged shards as a run."""
    passed: Counter[str] = Counter()
    batches = []
    for staged in shards:
        passed.update(staged.passed)
        path = staged.shard.path
        warc = path if isinstance(path, Path) else str(path)
        batches.append(Batch(run_id, FLOW, warc, staged.folder, staged.counts))
    return Run(
        run_id,
        tuple(batches),
        FLOW,
        started_at(run_id),
        datetime.now(UTC),
        str(EXTRACTOR_VERSION),
        {
            # Enough to refine the shards again: `work_of` reads it.
            "shards": [asdict(staged.shard) for staged in shards],
            "selection": SELECTIONS.dump_python(selection, mode="json"),
            "passed_over": dict(sorted(passed.items())),
        },
    )


def refine_again(place: Place, commit: Commit, pool: ShardPool) -> Run | None:
    """A backfill's run refined again, below `stage/<run_id>`; None where a WARC file is gone."""
    selection, shards = work_of(commit)
    if not shards:
        log.warning("run %s stays as it is: its commit was lost, and its shards", commit.run_id)
        return None
    gone = sorted({shard.url for shard in shards if not shard.is_there()})
    if gone:
        log.warning("run %s stays as it is: %s is not there as it was", commit.run_id, gone[0])
        return None
    staged = []
    again = replace(place, selection=selection)
    job = partial(again.job, below=place.layout.stage / commit.run_id)
    for refinement in pool.refined(iter(shards), job):
        if isinstance(refinement, ShardFailed):
            log.warning("run %s stays as it is: %s", commit.run_id, refinement.error)
            return None
        staged.append(refinement)
    return run_of(staged, selection, commit.run_id)
