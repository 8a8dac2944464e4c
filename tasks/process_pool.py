"""Worker processes for pages, shards and counting: each pool bounded, replaced and renewed here."""

import logging
import math
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing, suppress
from functools import partial
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext
from threading import BoundedSemaphore, Lock
from typing import Any, Generic, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from tasks.model import Extraction, Outcome
from tasks.settings import Settings
from warehouse.memory_allocators import limit_arenas, release_memory

log = logging.getLogger(__name__)

# The module that the fork server imports before it forks workers.
PRELOADED = "tasks.worker_preload"
PAGES_IN_FLIGHT = 8  # pages in the pool for each process, over all threads: bounds the memory
# Bytes from which a page counts as large: only one such page is extracted at a time.
LARGE_PAGE_BYTES = 2_000_000
MAX_PAGES = 5_000  # then the process is replaced, which bounds a memory leak
# Niceness of processes that extract pages, which gives them half the share of a core. Collecting
# goes first: 200 sources were polled in 11 s instead of 15 while their pages were extracted.
NICE = 3
# Address space of one process in bytes; a page that needs more is rejected (MemoryError).
MAX_BYTES = 4 * 1024**3
CHECK_SECONDS = 1.0  # between two looks at whether a pool is broken, while a call is waited for
MAX_BREAKS = 20  # a pool that breaks more often is given up
MAX_DETAIL = 300  # characters of a rejection's detail

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class WorkerPool:
    """Processes that call functions in parallel; may be shared by threads.

    A process is replaced after `tasks_each` calls; 0 for never. `preload` is the module that the
    fork server imports, unless the server is already running.
    """

    def __init__(
        self,
        processes: int,
        tasks_each: int = 0,
        *,
        nice: int = NICE,
        preload: str = PRELOADED,
    ) -> None:
        self._processes, self._tasks_each, self._nice = processes, tasks_each, nice
        self._preload = preload
        self._breaks, self._lock = 0, Lock()
        self._futures: set[Future[Any]] = set()  # of calls that have not ended
        self._is_closed = False
        self._pool = self._started()

    def submit(self, work: Callable[[], R], seconds: float | None = None) -> "Submitted[R]":
        """Call `work`, a picklable function, in a process, within a limit of wall time."""
        return Submitted(self, work, seconds)

    def schedule(
        self, work: Callable[[], R], seconds: float | None
    ) -> "tuple[ProcessPool, Future[R]]":
        """A call's future, and the pool that it belongs to."""
        while True:
            pool = self._pool
            try:
                future = pool.schedule(work, timeout=seconds)
            except RuntimeError:  # it broke while no call was under way
                self.renew(pool)
            else:
                self._futures.add(future)
                future.add_done_callback(self._futures.discard)
                return pool, future

    def renew_broken(self) -> None:
        """Replace the pool if it is broken."""
        pool = self._pool
        if not pool.active:
            self.renew(pool)

    def renew(self, broken: ProcessPool) -> None:
        """Replace a broken pool, unless another thread has; BrokenProcessPool after MAX_BREAKS."""
        # A pool breaks when a process ends before it has begun to work.
        with self._lock:
            if broken is not self._pool:
                return
            self._breaks += 1
            if self._is_closed or self._breaks > MAX_BREAKS:
                why = "was closed" if self._is_closed else f"broke {self._breaks} times"
                raise BrokenProcessPool(f"the pool {why}")
            log.warning("processes ended unexpectedly, and all are replaced")
            lost = list(self._futures)
            self._end_workers()
            self._pool = self._started()
        for future in lost:
            future.cancel()  # pebble forgets calls that had not reached a process

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            self._is_closed = True
            self._end_workers()

    def _end_workers(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _started(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._processes,
            max_tasks=self._tasks_each,
            initializer=begin_worker,
            initargs=[dict(os.environ), self._nice],
            context=worker_context(self._preload),
        )


class Submitted(Generic[R]):
    """A call in a pool; if the pool breaks, the call is repeated in the next pool."""

    def __init__(self, owner: WorkerPool, work: Callable[[], R], seconds: float | None) -> None:
        self._owner, self._work, self._seconds = owner, work, seconds
        self._pool, self.future = owner.schedule(work, seconds)

    def result(self, deadline: float = math.inf) -> R:
        """Return the result of the call, or raise its exception.

        ProcessExpired when its process died. TimeoutError when the call exceeds its limit, or has
        no result by the deadline (of the monotonic clock).
        """
        while True:
            remaining = max(deadline - time.monotonic(), 0.0)
            wait([self.future], min(remaining, CHECK_SECONDS))
            if self.future.done():
                with suppress(BrokenProcessPool, CancelledError):
                    return self.future.result()
            elif remaining <= CHECK_SECONDS:
                self.future.cancel()
                raise TimeoutError
            elif self._pool.active:
                continue
            self._owner.renew(self._pool)
            self.future.cancel()
            self._pool, self.future = self._owner.schedule(self._work, self._seconds)


class PagePool:
    """Processes for work that a hostile page could make hang or die; shared by threads."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.limits.page_seconds
        self._width = settings.processes * PAGES_IN_FLIGHT
        self._room, self._large = BoundedSemaphore(self._width), BoundedSemaphore(1)
        self._pool = WorkerPool(settings.processes, MAX_PAGES)
        self.close = self._pool.close

    def submit(
        self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> Submitted[R | Extraction]:
        """Run `work` on one page, once the pool has room; `in_order` yields the result."""
        is_large = any(isinstance(arg, bytes) and len(arg) > LARGE_PAGE_BYTES for arg in args)
        call = partial(run_large_page if is_large else run_or_reject, work, *args, **kwargs)
        with ExitStack() as held:
            for room in (self._large, self._room) if is_large else (self._room,):
                while not room.acquire(timeout=CHECK_SECONDS):
                    self._pool.renew_broken()
                held.callback(room.release)
            submitted = self._pool.submit(call, self._seconds)
            release = held.pop_all().close
        submitted.future.add_done_callback(lambda _: release())
        return submitted

    def call(self, work: Callable[[], R], seconds: float, deadline: float) -> R:
        """Call `work`, a picklable function, in a process; raises as `Submitted.result` does."""
        return self._pool.submit(work, seconds).result(deadline)

    def in_order(
        self, submitted: Iterable[tuple[T, Submitted[R | Extraction] | None]]
    ) -> Iterator[tuple[T, R | Extraction | None]]:
        """The results, in the order of submission; None where nothing was submitted.

        A page that hung or ended its process is a rejection.
        """
        # Submits only as many pages ahead as keep the processes busy.
        for key, page in read_ahead(submitted, self._width):
            try:
                result = page.result() if page else None
            except TimeoutError:
                result = _rejection(Outcome.PAGE_TIMED_OUT, "extraction reached its time limit")
            except ProcessExpired as end:
                result = _rejection(Outcome.PAGE_CRASHED, f"extraction process ended: {end}")
            yield key, result


def page_pool(settings: Settings) -> closing[PagePool]:
    """A pool for the length of a run."""
    return closing(PagePool(settings))


def read_ahead(items: Iterable[T], width: int) -> Iterator[T]:
    """The items, each yielded when `width` of them have been taken."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) >= width:
            yield waiting.popleft()
    yield from waiting


def run_or_reject(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | Extraction:
    """What `work` returns, or the rejection of a page that made it raise."""
    try:
        return work(*args, **kwargs)
    # Caught within the process: an exception that cannot be unpickled breaks the whole pool.
    except Exception as surprise:
        return _rejection(Outcome.PAGE_CRASHED, f"{type(surprise).__name__}: {surprise}")


def run_large_page(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | Extraction:
    """As `run_or_reject`, for a large page: also returns its memory to the system."""
    try:
        return run_or_reject(work, *args, **kwargs)
    finally:
        release_memory()


def _rejection(outcome: Outcome, reason: str) -> Extraction:
    return Extraction(outcome, reason[:MAX_DETAIL].encode("utf-8", "backslashreplace").decode())


def worker_context(preload: str = PRELOADED) -> BaseContext:
    """How processes are started: on Linux forked from a server that has imported `preload`."""
    if sys.platform != "linux":  # forks of what has loaded macOS's frameworks may crash
        return multiprocessing.get_context("spawn")
    # A spawned process would take a second to import and load what the server has loaded.
    # Each worker imports the program's main module; in runs that Prefect starts that takes .8 s of
    # CPU per worker, but .1 s if the server has already imported its package.
    main = sys.modules["__main__"].__spec__
    forkserver.set_forkserver_preload([preload, *([main.name.partition(".")[0]] if main else [])])
    # A terminal sends Ctrl-C to all processes, but this one ends the others. The resource tracker
    # is started first, since Python 3.11 unblocks SIGINT when it starts it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    forkserver.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return multiprocessing.get_context("forkserver")


def start_fork_server() -> None:
    """Start the fork server in the background; for runs that are sure to need workers."""
    worker_context()


def begin_worker(environment: Mapping[str, str], nice: int) -> None:
    """Set up a process forked from the server, whose environment may be outdated."""
    os.environ.clear()
    os.environ.update(environment)
    # Its priority is lowered and its memory limited.
    os.nice(nice)
    limit_arenas()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MAX_BYTES if most == resource.RLIM_INFINITY else min(MAX_BYTES, most)
    with suppress(ValueError, OSError):  # macOS knows the limit and refuses to set it
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))
