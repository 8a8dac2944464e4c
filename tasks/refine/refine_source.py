"""Refines what one source collected in a run; an exception becomes the source's error."""

import errno
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from tasks.collect.collector import Collected
from tasks.installation import Installation
from tasks.model import Batch, Outcome
from tasks.process_pool import PagePool
from tasks.refine.refine_archive import refine
from tasks.text.counted import counted

log = logging.getLogger(__name__)

DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class RefinedSource:
    """The result of a source in a run."""

    collected: Collected  # With an error where collecting or refining failed
    batch: Batch | None = None  # Its staged rows; None when nothing was archived or refining failed

    @property
    def is_failed(self) -> bool:
        """Whether refining failed."""
        return self.collected.warc is not None and self.batch is None


class RefinedSources:
    """The refined sources of a run: loads take them, and a retry of refining omits them."""

    # Not a dataclass: Prefect searches the fields of dataclass arguments for futures.

    def __init__(self) -> None:
        self.by_id: dict[str, RefinedSource] = {}
        self._waiting: SimpleQueue[RefinedSource] = SimpleQueue()

    def put(self, one: RefinedSource) -> None:
        """Add a source, or replace one whose refining had failed."""
        self.by_id[one.collected.source_id] = one
        self._waiting.put(one)

    def take(self) -> list[RefinedSource]:
        """Those added since the last call."""
        return [self._waiting.get() for _ in range(self._waiting.qsize())]

    def lacks(self, source_id: str) -> bool:
        """Whether the source is not refined yet, or its refining failed."""
        return source_id not in self.by_id or self.by_id[source_id].is_failed


def refine_source(
    installation: Installation, run_id: str, collected: Collected, pool: PagePool
) -> RefinedSource:
    """Refine the archive file of a source; an exception becomes the source's error.

    Raises OSError when the disk is full, so that the run ends unfinished and the next run refines
    the pages: as the source's error, it would leave them archived but never loaded.
    """
    if not collected.warc:
        return RefinedSource(collected)
    try:
        batch = refine_run_archive(installation, run_id, collected.warc, pool)
        return RefinedSource(collected, batch)
    except Exception as surprise:
        if isinstance(surprise, OSError) and surprise.errno in DISK_IS_FULL:
            raise
        log.exception("%s: refining stopped", collected.warc)
        error = f"{collected.warc}: {type(surprise).__name__}: {surprise}"
        return RefinedSource(replace(collected, error=error))


def refine_run_archive(
    installation: Installation, run_id: str, warc: Path, pool: PagePool
) -> Batch:
    """Refine one archive file, and log the outcomes of its pages."""
    sources = {source.id: source for source in installation.sources}
    batch = refine(warc, run_id, installation.layout, sources, pool)
    log.info("%s: %s", batch.source_id, outcome_counts(batch.counts) or "no new pages")
    return batch


def outcome_counts(counts: Mapping[str, int]) -> str:
    """Counts by outcome, in a line."""
    return ", ".join(
        counted(n, "article") if outcome == Outcome.ARTICLE else f"{n:,} {outcome}"
        for outcome, n in counts.items()
    )
