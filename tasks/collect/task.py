"""The Prefect task that collects a group of sources, and what the tasks of one run share."""

import resource
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from threading import BoundedSemaphore, Condition, Event

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.states import Failed

from tasks.collect.circuit_breaker import EVERY_SOURCE_FAILED, Breaker
from tasks.collect.collector import Collected, Collector
from tasks.collect.current_waits import CurrentWaits
from tasks.collect.fetch.client import Client
from tasks.installation import Installation
from tasks.process_pool import PagePool
from tasks.progress import stage
from tasks.sources.source import Source
from warehouse.read.known_urls import KnownUrls
from warehouse.read.query import keep_snapshot_open
from warehouse.read.source_health import source_health

# Collect tasks of one run: with more sources, some share a task.
# Prefect's server takes up to 50 ms of CPU for a task run. With two for each of 200 sources, to
# collect and to refine it, the server used two thirds of a core throughout the run.
MAX_TASKS = 20
# Days for which a listed page that another source has is counted as lost. A sitemap may name the
# articles of years, and a page without a date counts on the day of the run.
LISTED_DAYS = 30
# Threads of a run, which mostly wait for hosts.
# Each holds a connection and an archive file open, so a quarter of the process's open-file limit.
MAX_SOURCES_AT_ONCE = min(200, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)


class SharedCollection:
    """What the collect tasks of one run share: client, crawl delays, URL claims, results."""

    # Not a dataclass: Prefect searches the fields of dataclass arguments for futures.

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.results: dict[str, Collected] = {}  # by source id
        self.is_cancelled = Event()
        self._released: dict[str, Collected] = {}  # by source id
        self._is_complete, self._changed = False, Condition()
        self._slots = BoundedSemaphore(MAX_SOURCES_AT_ONCE)

    def collect(self, source: Source) -> Collected:
        """Collect a source, unless an earlier attempt of its task has, or the run was cancelled."""
        earlier = self.results.get(source.id)
        if earlier and not earlier.error:
            return earlier
        with self._slots:
            if self.is_cancelled.is_set():
                return Collected(source.id, skipped="the run was cancelled")
            collected = self.collector.collect(source, is_retry=earlier is not None)
        # When the retry archived nothing, what the failed attempt archived still counts.
        if earlier and not collected.warc:
            collected = replace(collected, warc=earlier.warc)
        self.results[source.id] = collected
        # A failed source may be collected again by a retry of its task.
        if not collected.error:
            self.release(collected)
        return collected

    def release(self, collected: Collected) -> None:
        """Release a source for refining that will not be collected again in this run."""
        with self._changed:
            self._released.setdefault(collected.source_id, collected)
            self._changed.notify_all()

    def end(self) -> None:
        """No further source will be given."""
        with self._changed:
            self._is_complete = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Collected]:
        """The sources, each once it is given, until `end` is called; every call gets all."""
        count = 0
        while True:
            with self._changed:
                while count == len(self._released) and not self._is_complete:
                    self._changed.wait()
                given = list(self._released.values())[count:]
            if not given:
                return
            yield from given
            count += len(given)

    def stop(self) -> None:
        """Start no further source, and wait for those in progress."""
        self.is_cancelled.set()
        for _ in range(MAX_SOURCES_AT_ONCE):
            self._slots.acquire()
        self._slots.release(MAX_SOURCES_AT_ONCE)
        self.end()


@contextmanager
def shared_collection(
    installation: Installation,
    run_id: str,
    pool: PagePool,
    waits: CurrentWaits,
    since_days: int = 0,
    max_new: int = 0,
    *,
    is_chosen: bool,
) -> Iterator[SharedCollection]:
    """Open what the collect tasks of a run share; when the body raises, no further source starts.

    Listings are parsed in the pool. Entries published more than `since_days` ago are left, at
    most `max_new` new pages fetched per source; 0 takes all, and the limit of the settings. Where a
    person has chosen the sources, none is skipped for earlier failures.
    """
    now, settings = datetime.now(UTC), installation.settings
    since = now - timedelta(days=since_days) if since_days else None
    with (
        keep_snapshot_open(installation.layout),
        Client(settings.limits, settings.user_agent, installation.layout.cache) as client,
    ):
        shared = SharedCollection(
            Collector(
                installation.layout,
                run_id,
                client,
                settings.limits,
                pool,
                waits,
                since,
                max_new,
                settings.recheck_after,
                known=KnownUrls(now - timedelta(days=LISTED_DAYS)),
                breaker=Breaker() if is_chosen else Breaker(source_health(installation.layout)),
            )
        )
        try:
            yield shared
        finally:
            shared.stop()  # before the client that the threads use is closed


def source_groups(sources: Sequence[Source]) -> dict[str, tuple[Source, ...]]:
    """The sources of each collect task, by the task's name."""
    size = ceil(len(sources) / MAX_TASKS) or 1
    groups = (tuple(sources[at : at + size]) for at in range(0, len(sources), size))
    return {
        group[0].id + (f" and {len(group) - 1} more" if len(group) > 1 else ""): group
        for group in groups
    }


@task(task_run_name="collect {name}", cache_policy=NO_CACHE)
@stage("collect")
def collect_sources(
    name: str, sources: tuple[Source, ...], shared: SharedCollection
) -> tuple[Collected, ...]:
    """Discover, fetch and archive a group of sources, all at once; a retry only failed ones.

    The task fails when every source asked has failed; its state then holds the results.
    """
    with ThreadPoolExecutor(min(len(sources), MAX_SOURCES_AT_ONCE)) as threads:
        # Threads run in the task's context, so that their log lines appear on the run's page.
        futures = [threads.submit(copy_context().run, shared.collect, one) for one in sources]
        collected = tuple(future.result() for future in futures)
    asked = [one for one in collected if not one.skipped]
    if asked and all(one.error for one in asked):
        first = asked[0]
        message = f"{EVERY_SOURCE_FAILED} ({len(asked)}); {first.source_id}: {first.error}"
        return Failed(message=message, data=collected)  # type: ignore[return-value]
    for one in collected:
        shared.release(one)
    return collected
