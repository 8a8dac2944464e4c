"""Processes that work on pages, each page within a limit of time and memory."""

import logging
import multiprocessing
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from tasks.model import Extraction, Outcome
from tasks.settings import Settings

PAGES_IN_FLIGHT = 8
"""Pages waiting in the pool, for each process: bounds the memory."""
PAGES_A_PROCESS = 5_000
"""Then the process is replaced: bounds what a leak can take."""
MEMORY_A_PROCESS = 4 * 1024**3
"""Address space of one process in bytes; a page that wants more is rejected."""

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


class PagePool:
    """Processes for work that a hostile page could make hang or die."""

    def __init__(self, settings: Settings) -> None:
        self.seconds = settings.limits.page_seconds
        self.width = settings.processes * PAGES_IN_FLIGHT
        self._pool = ProcessPool(
            max_workers=settings.processes,
            max_tasks=PAGES_A_PROCESS,
            initializer=_limit_memory,
            context=multiprocessing.get_context("spawn"),
        )

    def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Run `work` on one page in the pool; take the result with `settle`."""
        future: Future[R] = self._pool.schedule(
            work, args=list(args), kwargs=dict(kwargs), timeout=self.seconds
        )
        return future

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


@contextmanager
def page_pool(settings: Settings) -> Iterator[PagePool]:
    """A pool for the length of a run."""
    pool = PagePool(settings)
    try:
        yield pool
    finally:
        pool.close()


def settle(future: "Future[R]") -> R | Extraction:
    """The result, or the rejection of a page that hung, ended its process or raised."""
    try:
        return future.result()
    except TimeoutError:
        return Extraction(Outcome.PAGE_TIMED_OUT, "extraction reached its time limit")
    except ProcessExpired as end:
        return Extraction(Outcome.PAGE_CRASHED, f"extraction process ended: {end}")
    except Exception as surprise:
        log.debug("extraction raised", exc_info=True)
        return Extraction(Outcome.PAGE_CRASHED, f"{type(surprise).__name__}: {surprise}")


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_A_PROCESS, MEMORY_A_PROCESS))
