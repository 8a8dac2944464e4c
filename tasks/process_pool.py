"""Processes that work on pages, each page within a limit of time and memory."""

import gc
import multiprocessing
import os
import resource
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from tasks.model import Extraction, Outcome
from tasks.settings import Settings
from warehouse.allocation import few_arenas

SELDOM = 20_000, 20, 10
"""Objects, and collections of younger ones, after which the collector runs: trees and records make
no cycles, and it took 3 % of the time."""
FORKED = "tasks.worker_preload"
"""The module that workers are forked from."""
PAGES_IN_FLIGHT = 8
"""Pages in the pool for each process, whoever submitted them: bounds the memory."""
PAGES_A_PROCESS = 5_000
"""Then the process is replaced: bounds what a leak can take."""
NICE = 3
"""Steps by which a process comes after others: a half of their share of a core."""
MEMORY_A_PROCESS = 4 * 1024**3
"""Address space of one process in bytes; a page that wants more is rejected."""
LONGEST_DETAIL = 300

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class PagePool:
    """Processes for work that a hostile page could make hang or die; shared by threads."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.limits.page_seconds
        self._width = settings.processes * PAGES_IN_FLIGHT
        self._room = BoundedSemaphore(self._width)
        self._pool = worker_pool(settings.processes, PAGES_A_PROCESS)

    def submit(
        self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> "Future[R | Extraction]":
        """Run `work` on one page, once there is room; take the result with `in_order`."""
        self._room.acquire()
        try:
            future: Future[R | Extraction] = self._pool.schedule(
                tried, args=[work, *args], kwargs=dict(kwargs), timeout=self._seconds
            )
        except BaseException:
            self._room.release()
            raise
        future.add_done_callback(lambda _: self._room.release())
        return future

    def in_order(
        self, submitted: Iterable[tuple[T, "Future[R | Extraction] | None"]]
    ) -> Iterator[tuple[T, R | Extraction | None]]:
        """The results, in the order of submission; None where nothing was submitted.

        Takes from `submitted` no further ahead than keeps the processes busy.
        """
        for what, future in ahead(submitted, self._width):
            if future is None:
                yield what, None
            else:
                done: R | Extraction = _settled(future)
                yield what, done

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def worker_pool(processes: int, most_tasks: int) -> ProcessPool:
    """Processes for pages, each of which is replaced after so many tasks."""
    return ProcessPool(
        max_workers=processes,
        max_tasks=most_tasks,
        initializer=begin_worker,
        initargs=[dict(os.environ)],
        context=worker_context(),
    )


def worker_context() -> BaseContext:
    """How processes for pages are started: the first one takes a second to get ready."""
    if sys.platform != "linux":  # forks of what has loaded macOS's frameworks may crash
        return multiprocessing.get_context("spawn")
    forkserver.set_forkserver_preload([FORKED])
    return multiprocessing.get_context("forkserver")


def make_ready() -> None:
    """Let the first process get ready while this one goes on, where pages are sure to come."""
    if worker_context().get_start_method() == "forkserver":
        forkserver.ensure_running()


@contextmanager
def page_pool(settings: Settings) -> Iterator[PagePool]:
    """A pool for the length of a run."""
    pool = PagePool(settings)
    try:
        yield pool
    finally:
        pool.close()


def ahead(items: Iterable[T], width: int) -> Iterator[T]:
    """The items, each given out when `width` of them have been taken."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) >= width:
            yield waiting.popleft()
    yield from waiting


def _settled(future: "Future[R | Extraction]") -> R | Extraction:
    """The result, or the rejection of a page that hung or ended its process.

    A pool that is broken itself raises: no page is to blame for that.
    """
    try:
        return future.result()
    except TimeoutError:
        return _rejection(Outcome.PAGE_TIMED_OUT, "extraction reached its time limit")
    except ProcessExpired as end:
        return _rejection(Outcome.PAGE_CRASHED, f"extraction process ended: {end}")


def tried(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | Extraction:
    """What `work` returns, or the rejection of a page that made it raise.

    Caught within the process: an exception that cannot be unpickled breaks the whole pool.
    """
    try:
        return work(*args, **kwargs)
    except Exception as surprise:
        return _rejection(Outcome.PAGE_CRASHED, f"{type(surprise).__name__}: {surprise}")


def _rejection(outcome: Outcome, reason: str) -> Extraction:
    return Extraction(outcome, reason[:LONGEST_DETAIL].encode("utf-8", "backslashreplace").decode())


def begin_worker(environment: Mapping[str, str]) -> None:
    """Set up a process that was forked from one with the environment of an earlier time."""
    os.environ.clear()
    os.environ.update(environment)
    be_modest()


def be_modest() -> None:
    """Leave the cores to what waits for nobody, and limit the memory of this process.

    Extraction can wait, and what collects and loads cannot: 200 papers were asked each second by
    15 s instead of 11 while their pages were extracted. A page that wants more memory raises
    MemoryError.
    """
    os.nice(NICE)
    few_arenas()
    gc.freeze()  # what was there before is neither looked through again nor copied for that
    gc.set_threshold(*SELDOM)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_A_PROCESS if most == resource.RLIM_INFINITY else min(MEMORY_A_PROCESS, most)
    with suppress(ValueError, OSError):  # macOS knows the limit and refuses to set it
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))
