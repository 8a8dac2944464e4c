"""The Prefect task of a backfill: refine and load some of its shards, and count the results."""

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.backfill.dry_run import Estimate
from tasks.backfill.shard_processes import Refinement, ShardFailed
from tasks.backfill.shard_runs import Place, grouped, load_shards
from tasks.backfill.shards import Staged
from tasks.progress import advance, stage
from tasks.text.counted import counted

log = logging.getLogger(__name__)

MB = 1024 * 1024


@dataclass(slots=True)
class Backfilled:
    """The result of a backfill."""

    files: int
    bytes: int  # of the files, without what was done before
    bytes_before: int  # done before
    begun_at: float = field(default_factory=time.monotonic)
    tasks: int = 0  # task runs it took
    done: int = 0  # shards
    bytes_done: int = 0
    failed: list[ShardFailed] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)  # captures by outcome, as loaded
    pages: int = 0  # captures refined so far
    passed: Counter[str] = field(default_factory=Counter)  # records passed over, by reason
    estimate: Estimate | None = None  # of a dry run

    def add(self, refinement: Refinement) -> Refinement:
        """Count one shard, and return it."""
        self.done += 1
        self.bytes_done += refinement.shard.bytes
        if isinstance(refinement, ShardFailed):
            shard = refinement.shard
            log.warning("%s from %d: %s", shard.url, shard.start, refinement.error)
            self.failed.append(refinement)
        else:
            self.pages += refinement.pages
            self.passed.update(refinement.passed)
        advance("backfilled, MB", self.bytes_done // MB, self.bytes // MB)
        return refinement

    def pace(self) -> str:
        """How far it is, how fast, and how long the rest will take."""
        seconds = time.monotonic() - self.begun_at
        left = self.bytes - self.bytes_done
        remaining = timedelta(seconds=round(seconds * left / max(1, self.bytes_done)))
        return (
            f"{megabytes(self.bytes_done)} of {megabytes(self.bytes)}:"
            f" {counted(self.counts['article'], 'new article')} of {counted(self.pages, 'page')},"
            f" {self.pages / max(seconds, 0.001):.0f} pages a second, {remaining} left"
        )


class ShardWork:
    """The groups of refined shards that are not loaded yet, and the result so far."""

    def __init__(
        self, place: Place, refinements: Iterable[Refinement], progress: Backfilled
    ) -> None:
        self.place, self.progress = place, progress
        pages = place.settings.limits.pages_a_run
        self.groups = grouped(map(progress.add, refinements), pages)


# Not retried: the shards of a failed attempt are taken from `work`. The next backfill does them.
@task(task_run_name="backfill {name}", cache_policy=NO_CACHE, retries=0)
@stage("backfill")
def backfill_part(work: ShardWork, size: int, name: str) -> bool:
    """Refine and load shards of at least `size` bytes of archives; whether there may be more."""
    for group in work.groups:
        staged = [one for one in group if isinstance(one, Staged)]
        if staged:
            work.progress.counts.update(load_shards(work.place, staged))
        log.info(work.progress.pace())
        size -= sum(one.shard.bytes for one in group)
        if size <= 0:
            return True
    return False


def megabytes(count: int) -> str:
    """Bytes, for people."""
    return f"{count / MB:,.{0 if count >= 10 * MB else 1}f} MB"
