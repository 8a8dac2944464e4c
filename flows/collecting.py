"""The papers of a run: asked all at once, each refined when it has been collected."""

import logging
import resource
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import BoundedSemaphore
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, as_completed
from prefect.utilities.annotations import quote

from flows.ending import counted
from flows.installation import Installation
from tasks.breaker import Breaker, read_breaker
from tasks.collect import Collected, Collector
from tasks.fetch import Client
from tasks.model import Batch, Outcome
from tasks.pool import PagePool, page_pool
from tasks.refine import refine
from tasks.sources import Source
from warehouse.query import kept_open

log = logging.getLogger(__name__)
T = TypeVar("T")

SOURCES_AT_ONCE = min(200, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)
"""Threads: collecting waits for hosts, refining waits for the pool's processes.

Each has a connection and an archive file open: as many as the files that this process may open
allow, 200 where it may open 1,024. All papers then wait out their pauses at the same time.
"""
REFINED_AT_ONCE = 2
"""Sources for each process: enough to keep it busy.

All that were collected at the same time would, with their hundreds of threads, hold up the requests
of those still being collected.
"""


def unseen(given: T) -> T:
    """A task's argument, in which Prefect does not look for futures.

    It would look through all papers and their batches for each task: 30 ms for one of 200 papers.
    """
    return quote(given)  # type: ignore[return-value]


@task(task_run_name="collect {source.id}", cache_policy=NO_CACHE)
def collect_source(collecting: Future[Collected], source: Source) -> Collected:
    """Discover, fetch and archive one source, which has begun; what fails is told in the result.

    What Prefect does to begin a task is done in the papers' first pauses: it takes three times as
    long as their first requests.
    """
    return collecting.result()


@task(task_run_name="refine {collected.source_id}", cache_policy=NO_CACHE)
def refine_source(
    place: Installation, run_id: str, collected: Collected, pool: PagePool
) -> tuple[Collected, Batch | None]:
    """Extract, clean and normalise what a source brought; what fails is told in the result."""
    if not collected.warc:
        return collected, None
    try:
        return collected, refine_archive(place, run_id, collected.warc, pool)
    except Exception as surprise:
        log.exception("%s: refining stopped", collected.warc)
        error = f"{collected.warc}: {type(surprise).__name__}: {surprise}"
        return replace(collected, error=error), None


def collect_and_refine(
    place: Installation,
    run_id: str,
    chosen: Sequence[Source],
    since_days: int,
    max_new: int,
    is_asked: bool,
) -> tuple[tuple[Collected, ...], tuple[Batch, ...]]:
    """Collect the chosen sources and refine what they bring.

    Args:
        place: The installation.
        run_id: The run.
        chosen: Its sources.
        since_days: Leaves alone what was published earlier than so many days ago; 0 takes all.
        max_new: New pages fetched a source at most; 0 takes the limit of the settings.
        is_asked: Whether somebody named them: then those that keep failing are asked, too.

    Returns:
        What became of each source, in their order; and the batches of those that brought something.
    """
    since = datetime.now(UTC) - timedelta(days=since_days) if since_days else None
    limits = place.settings.limits
    with (
        kept_open(place.layout),
        _threads() as threads,
        Client(limits, place.settings.user_agent, place.layout.cache) as client,
        page_pool(place.settings) as pool,
    ):
        again = place.settings.recheck_after
        breaker = Breaker() if is_asked else read_breaker(place.layout)
        collector = Collector(
            place.layout, run_id, client, limits, since, max_new, again, breaker=breaker
        )
        begun = [threads.submit(copy_context().run, collector.collect, source) for source in chosen]
        collecting = [
            collect_source.submit(unseen(one), unseen(source))
            for one, source in zip(begun, chosen, strict=True)
        ]
        done = (future.result() for future in as_completed(collecting))
        room = BoundedSemaphore(REFINED_AT_ONCE * place.settings.processes)
        refining = {each.source_id: _refining(place, run_id, each, pool, room) for each in done}
        results = [refining[source.id]() for source in chosen]
    return tuple(one for one, _ in results), tuple(batch for _, batch in results if batch)


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """One for each of the sources at once; of a run that is ended no further source is begun."""
    threads = ThreadPoolExecutor(SOURCES_AT_ONCE)
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


def _refining(
    place: Installation,
    run_id: str,
    collected: Collected,
    pool: PagePool,
    room: BoundedSemaphore,
) -> Callable[[], tuple[Collected, Batch | None]]:
    """Refine a source's pages in a task, once there is room for one more.

    Where the source brought no pages, stage its ledger at once.
    """
    if collected.outcomes.get(Outcome.FETCHED):
        room.acquire()
        future: PrefectFuture[tuple[Collected, Batch | None]] = refine_source.submit(
            unseen(place), run_id, unseen(collected), unseen(pool)
        )
        future.add_done_callback(lambda _: room.release())
        return future.result
    done = refine_source.fn(place, run_id, collected, pool)
    return lambda: done


def refine_archive(place: Installation, run_id: str, warc: Path, pool: PagePool) -> Batch:
    """Refine one archive file, and say what its captures came to."""
    sources = {source.id: source for source in place.sources}
    batch = refine(warc, run_id, place.layout, sources, pool)
    log.info("%s: %s", batch.source_id, counted(batch.counts))
    return batch
