"""Loads during an ingest, while it goes on collecting: each is a part with its own commit."""

import logging
import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture

from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.installation import Installation
from tasks.load.load_run import LoadReport
from tasks.load.task import load_runs, publish_snapshot
from tasks.locks.run_locks import reopen, started_at
from tasks.model import Batch
from tasks.partition.partitions import Run
from tasks.refine.refine_source import RefinedSources

log = logging.getLogger(__name__)

Result = TypeVar("Result")


def result_of(done: PrefectFuture[Result] | State[Result]) -> Result:
    """The result of a task, which the state of one whose sources all failed holds as well."""
    result = done.result(raise_on_failure=False)
    # Without a result, a task that failed raises here, and so does one that was cancelled.
    return done.result() if result is None or isinstance(result, BaseException) else result


class PartLoads:
    """Loads what a run has refined since its previous load."""

    def __init__(
        self,
        installation: Installation,
        run_id: str,
        first_part: int = 1,
        flow: str = "ingest",
    ) -> None:
        self.refined = RefinedSources()
        self.report = LoadReport()
        self.is_published = False  # whether any load was
        self._installation, self._run_id, self._part = installation, run_id, first_part
        self._flow = flow
        # A part whose load failed is loaded again unchanged, since it may have its commit.
        self._waiting: list[Run] = []
        self._is_complete = False  # whether the last load and its publication succeeded
        self._due = time.monotonic() + self._seconds

    @property
    def _seconds(self) -> float:
        return self._installation.settings.limits.load_seconds

    @property
    def seconds_left(self) -> float:
        """Seconds until the next load is due."""
        return max(0.0, self._due - time.monotonic())

    def load_early(self) -> None:
        """Load and publish what is refined, if anything; after a failure the next load takes it."""
        begun = time.monotonic()
        if batches := self._take():
            try:
                self._load(batches)
            except Exception:
                log.exception("loading failed: its rows are loaded with the next that are ready")
        # Loads take at most half of the time, however large the warehouse.
        now = time.monotonic()
        self._due = max(begun + self._seconds, now + (now - begun))

    def load_rest(self) -> None:
        """Load and publish what is not loaded yet; a failure is raised."""
        if (batches := self._take()) or not self._is_complete:
            self._load(batches)
        shutil.rmtree(self._installation.layout.stage / self._run_id, ignore_errors=True)

    def leave_unrefined(self) -> None:
        """Leave what could not be refined to the next run; call it when no longer `running`."""
        if any(one.is_failed for one in self.refined.by_id.values()):
            log.warning("the next run refines once more what could not be refined")
            reopen(self._installation.layout, self._run_id)

    def _take(self) -> list[Batch]:
        return [one.batch for one in self.refined.take() if one.batch]

    def _load(self, batches: Sequence[Batch]) -> None:
        self._is_complete = False
        if batches:
            self._waiting.append(run_part(self._run_id, batches, self._part, self._flow))
            self._part += 1
        self.report += load_runs(self._installation, self._waiting)
        self._waiting.clear()
        if publish_snapshot(self._installation):
            self.is_published = True
        self._is_complete = True


def run_part(run_id: str, batches: Sequence[Batch], part: int = 1, flow: str = "ingest") -> Run:
    """Refined archive files as a run, or a part of one, to be loaded."""
    now, numbered = datetime.now(UTC), {"part": part} if part > 1 else {}
    version = str(EXTRACTOR_VERSION)
    return Run(run_id, tuple(batches), flow, started_at(run_id), now, version, numbered)
