"""The papers of a run: asked all at once, each refined when it has been collected."""

import logging
import os
import resource
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from threading import BoundedSemaphore
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.utilities.annotations import quote

from flows.installation import Installation
from flows.runs.ingest_result import counted
from tasks.collect.circuit_breaker import Breaker, read_breaker
from tasks.collect.collector import Collected, Collector
from tasks.collect.fetch import Client
from tasks.model import Batch
from tasks.process_pool import PagePool, page_pool
from tasks.refine.refine_archive import refine
from tasks.sources.source import Source
from warehouse.read.query import kept_open

log = logging.getLogger(__name__)
T = TypeVar("T")
Papers = Sequence[Future[Collected]]
"""Sources that are being collected."""
Refined = tuple[Collected, Batch | None]
"""A source, and what its pages came to, where it brought any."""

MOST_TASKS = 20
"""Task runs of a kind: with more papers, some share one.

Prefect's server takes up to 50 ms of CPU for a task run: with one for each of 200 papers, and one
more to refine it, it had two thirds of one of the two cores to itself for as long as the run took.
"""

SOURCES_AT_ONCE = min(200, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)
"""Threads, which wait for hosts most of the time.

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


@task(task_run_name="collect {name}", cache_policy=NO_CACHE)
def collect_papers(name: str, collecting: Papers) -> None:
    """Discover, fetch and archive some sources, which has begun; what fails is told in the results.

    What Prefect does to begin a task is done in the papers' first pauses: it takes longer than
    their first requests.
    """
    wait(collecting)


@task(task_run_name="refine {name}", cache_policy=NO_CACHE)
def refine_papers(
    name: str,
    place: Installation,
    run_id: str,
    collecting: Papers,
    pool: PagePool,
    room: BoundedSemaphore,
) -> tuple[Refined, ...]:
    """Extract, clean and normalise what some sources brought, each once it has been collected."""
    refined = []
    for future in as_completed(collecting):
        collected = future.result()
        if collected.has_pages:
            with room:
                refined.append(refine_source(place, run_id, collected, pool))
    return tuple(refined)


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
        asked = [threads.submit(copy_context().run, collector.collect, source) for source in chosen]
        groups = _groups(chosen, asked)
        collecting = [collect_papers.submit(name, unseen(each)) for name, each in groups.items()]
        refined = {each[0].source_id: each for each in _refined(place, run_id, groups, pool)}
        for future in collecting:
            future.wait()
    results = [refined[source.id] for source in chosen]
    return tuple(one for one, _ in results), tuple(batch for _, batch in results if batch)


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """One for each of the sources at once; of a run that is ended no further source is begun."""
    threads = ThreadPoolExecutor(SOURCES_AT_ONCE, initializer=_stay_on_one_core)
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


def _stay_on_one_core() -> None:
    """Keep this thread on the core on which all collecting threads of the process are.

    One at a time holds Python's lock, and gives it to the next: across two cores that took two
    fifths of all CPU, and 200 hosts with pauses of 0.2 s were asked for 11 requests each in 6.5 to
    8.9 s instead of 4.2 to 5.4.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})


def _groups(chosen: Sequence[Source], asked: Papers) -> dict[str, Papers]:
    """The sources of a task each, by its name."""
    size = ceil(len(chosen) / MOST_TASKS) or 1
    parts = [slice(at, at + size) for at in range(0, len(chosen), size)]
    return {_named(chosen[part]): asked[part] for part in parts}


def _named(sources: Sequence[Source]) -> str:
    first, others = sources[0].id, len(sources) - 1
    return f"{first} and {others} more" if others else first


def _refined(
    place: Installation, run_id: str, groups: dict[str, Papers], pool: PagePool
) -> Iterator[Refined]:
    """What became of each source; those of a group that brought pages are refined in a task."""
    room = unseen(BoundedSemaphore(REFINED_AT_ONCE * place.settings.processes))
    names = {future: name for name, papers in groups.items() for future in papers}
    begun: dict[str, PrefectFuture[tuple[Refined, ...]]] = {}
    for future in as_completed(names):
        name, collected = names[future], future.result()
        if not collected.has_pages:
            yield refine_source(place, run_id, collected, pool)
        elif name not in begun:
            papers = unseen(groups[name])
            begun[name] = refine_papers.submit(
                name, unseen(place), run_id, papers, unseen(pool), room
            )
    for refining in begun.values():
        yield from refining.result()


def refine_source(
    place: Installation, run_id: str, collected: Collected, pool: PagePool
) -> Refined:
    """Extract, clean and normalise what a source brought; what fails is told in the result."""
    if not collected.warc:
        return collected, None
    try:
        return collected, refine_archive(place, run_id, collected.warc, pool)
    except Exception as surprise:
        log.exception("%s: refining stopped", collected.warc)
        error = f"{collected.warc}: {type(surprise).__name__}: {surprise}"
        return replace(collected, error=error), None


def refine_archive(place: Installation, run_id: str, warc: Path, pool: PagePool) -> Batch:
    """Refine one archive file, and say what its captures came to."""
    sources = {source.id: source for source in place.sources}
    batch = refine(warc, run_id, place.layout, sources, pool)
    log.info("%s: %s", batch.source_id, counted(batch.counts))
    return batch
