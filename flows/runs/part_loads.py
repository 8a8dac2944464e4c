"""Loads during an ingest, while it goes on collecting: each is a part with its own commit."""

import logging
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from prefect import allow_failure
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture

from tasks.collect.collector import Collected
from tasks.collect.current_waits import CurrentWaits
from tasks.installation import Installation
from tasks.load.load_run import LoadReport
from tasks.load.task import load_runs, publish_snapshot
from tasks.locks.run_locks import reopen
from tasks.model import Batch
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool
from tasks.refine.refine_source import RefinedSources
from tasks.refine.run_archives import run_part
from tasks.refine.task import refine_sources

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
        self.publications: list[State[Path | None]] = []  # the state of the last, if there is one
        self._refining: list[State[list[str]]] = []  # the states of `refine`
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

    def refine(
        self, collected: Sequence[Collected], pool: PagePool, after: Iterable[State[Any]] = ()
    ) -> None:
        """Refine sources, as one task after these; when it could not end, its error is raised."""
        if collected:
            shared = (pool, CurrentWaits(), collected, self.refined)
            state = refine_sources(
                *(self._installation, self._run_id, *shared),
                wait_for=[allow_failure(one) for one in after],
                return_state=True,
            )
            self._refining.append(state)
            result_of(state)

    def load_early(self) -> None:
        """Load and publish what is refined, if anything; after a failure the next load takes it."""
        begun = time.monotonic()
        if batches := self._take_batches():
            try:
                self._load(batches)
            except Exception:
                log.exception("loading failed: its rows are loaded with the next that are ready")
        # Loads take at most half of the time, however large the warehouse.
        now = time.monotonic()
        self._due = max(begun + self._seconds, now + (now - begun))

    def load_rest(self, after: Iterable[PrefectFuture[Any] | State[Any]] = ()) -> None:
        """Load and publish what is not loaded yet, after these tasks; a failure is raised."""
        if (batches := self._take_batches()) or not self._is_complete:
            self._load(batches, after)
        shutil.rmtree(self._installation.layout.stage / self._run_id, ignore_errors=True)

    def leave_unrefined(self) -> None:
        """Leave what could not be refined to the next run; call it outside `run_lock`."""
        if any(one.is_failed for one in self.refined.by_id.values()):
            log.warning("the next run refines once more what could not be refined")
            reopen(self._installation.layout, self._run_id)

    def _take_batches(self) -> list[Batch]:
        return [one.batch for one in self.refined.take() if one.batch]

    def _load(
        self, batches: Sequence[Batch], after: Iterable[PrefectFuture[Any] | State[Any]] = ()
    ) -> None:
        self._is_complete = False
        if batches:
            self._waiting.append(run_part(self._run_id, batches, self._part, self._flow))
            self._part += 1
        # What succeeded is loaded, whatever failed.
        before = [allow_failure(one) for one in (*after, *self._refining, *self.publications)]
        loading = load_runs(self._installation, self._waiting, wait_for=before, return_state=True)
        self.report += loading.result()
        self._waiting.clear()
        publishing = publish_snapshot(self._installation, wait_for=[loading], return_state=True)
        self.publications = [publishing]
        if publishing.result():
            self.is_published = True
        self._is_complete = True
