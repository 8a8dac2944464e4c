"""The history job: fill days that were not collected, from old sitemaps and the Wayback Machine."""

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.ingest import finish_killed_runs, make_readable
from flows.runs.ingest_result import final_state
from flows.runs.installation import open_for_run
from flows.runs.part_loads import PartLoads, result_of
from flows.runs.presswatch_flow import presswatch_flow
from tasks.collect.collector import Collected
from tasks.collect.fetch.client import Client
from tasks.history import old_sitemaps
from tasks.history.periods import Period
from tasks.history.task import Histories, fetch_history
from tasks.history.visit import Job, SourceHistory
from tasks.history.wayback import Wayback
from tasks.installation import Installation
from tasks.load.load_run import LoadReport
from tasks.locks.run_locks import new_run_id, run_lock
from tasks.locks.source_locks import lock_sources
from tasks.process_pool import page_pool
from tasks.report.task import report_or_warn
from tasks.settings import MAX_PAGES, ConfigError
from tasks.sources.source import Source
from tasks.text.counted import counted
from warehouse.read.query import keep_snapshot_open

log = logging.getLogger(__name__)

FLOW = "history"
MAX_REQUESTS = 1_000
COLUMNS = ("count", "source", "what", "outcome")  # of the ledger at the terminal


@dataclass(frozen=True, slots=True)
class Filled:
    """The result of a run."""

    run_id: str
    period: Period
    dry_run: bool
    pause: float  # seconds between two requests to the archive
    sources: tuple[SourceHistory, ...] = ()
    outcomes: dict[str, int] = field(default_factory=dict)  # of pages, as refined
    loaded: LoadReport = field(default_factory=LoadReport)

    @property
    def failed(self) -> tuple[SourceHistory, ...]:
        """Sources that failed."""
        return tuple(one for one in self.sources if one.collected.error)

    @property
    def remaining(self) -> int:
        """Pages that a later run has to fetch."""
        return sum(one.tally.remaining for one in self.sources)


@presswatch_flow(FLOW, checks=True)
def history(
    first: date,
    last: date,
    only: list[str] = [],  # noqa: B006 - a real default makes a good form; never changed
    sitemaps: bool = True,
    wayback: bool = True,
    max_requests: Annotated[int, Field(ge=1, le=MAX_PAGES)] = MAX_REQUESTS,
    captures_per_page: Annotated[int, Field(ge=1, le=20)] = 2,
    dry_run: bool = False,
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> Filled:
    """Fill days that were not collected, from old sitemaps and the Wayback Machine.

    Args:
        first: First day to fill, in UTC.
        last: Last day to fill, in UTC.
        only: Ids of the sources, as in sources.toml; all of them when empty.
        sitemaps: Read the sitemaps that the sources keep of the past.
        wayback: Ask the Wayback Machine for what is still missing then.
        max_requests: Requests of this run at most; the next one goes on.
        captures_per_page: Captures of a page that are tried at most, over all runs.
        dry_run: Fetch no pages and load nothing; say what would be fetched, and how long it takes.
    """
    installation = open_for_run(sources_file, topics_file, data)
    if first > last:
        raise ConfigError([f"first (--from): must not be after last ({last}), got {first}"])
    if last > (today := datetime.now(UTC).date()):
        raise ConfigError([f"last (--to): must not be after today ({today}, UTC), got {last}"])
    if not (sitemaps or wayback):
        raise ConfigError(["sitemaps, wayback: one of the two has to be asked"])
    chosen, run_id = installation.chosen(only), new_run_id()
    settings, layout, period = installation.settings, installation.layout, Period(first, last)
    places = (*[old_sitemaps.fill] * sitemaps, *[Wayback(installation.sources).fill] * wayback)
    with ExitStack() as held:
        if not dry_run:
            chosen = held.enter_context(lock_sources(layout, run_id, chosen, log.info)).sources
            finish_killed_runs(installation)
            make_readable(installation)
        # The archive blocks a client for a while that sends too many requests.
        backoff = settings.history.backoff_seconds
        asking = Client(settings.limits, settings.user_agent, layout.cache, backoff_seconds=backoff)
        client = held.enter_context(asking)
        about = (layout, run_id, client, settings.history, period, max_requests)
        job = Job(*about, captures_per_page, dry_run)
        done = Filled(run_id, period, dry_run, settings.history.pause_seconds)
        done = _fill(installation, done, chosen, Histories(job, places))
    return _end(done)  # type: ignore[return-value]


def _fill(
    installation: Installation, done: Filled, chosen: Sequence[Source], shared: Histories
) -> Filled:
    if done.dry_run:
        looked = (fetch_history(each.id, each, shared, return_state=True) for each in chosen)
        return replace(done, sources=tuple(map(result_of, looked)))
    layout, loads = installation.layout, PartLoads(installation, done.run_id, flow=FLOW)
    found = list[SourceHistory]()
    with (
        keep_snapshot_open(layout),
        run_lock(layout, done.run_id),
        page_pool(installation.settings) as pool,
    ):
        collected, fetching = list[Collected](), list[State[SourceHistory]]()
        for source in chosen:
            fetching.append(fetch_history(source.id, source, shared, return_state=True))
            found.append(result_of(fetching[-1]))
            collected.append(found[-1].collected)
            if not loads.seconds_left:
                loads.refine(collected, pool, fetching)
                loads.load_early()
                collected, fetching = [], []
        loads.refine(collected, pool, fetching)
        loads.load_rest()
    loads.leave_unrefined()
    if loads.is_published:
        topics = "ingest-topics" if loads.report.articles else ""
        report_or_warn(installation, topics, loads.publications)
    outcomes = Counter[str]()
    refined = loads.refined.by_id
    for batch in (each.batch for each in refined.values()):
        outcomes.update(batch.counts if batch else {})
    found = [replace(one, collected=refined[one.collected.source_id].collected) for one in found]
    return replace(done, sources=tuple(found), outcomes=dict(outcomes), loaded=loads.report)


def _end(done: Filled) -> State[Filled]:
    message = outcome_in_words(done)
    log.info("%s", message)
    create_table_artifact(
        key=f"{FLOW}-{'estimate' if done.dry_run else 'ledger'}",
        table=ledger(done),
        description="What would be fetched" if done.dry_run else "What was fetched, and what came",
    )
    failed = [one.collected for one in done.failed]
    return final_state(done, message, failed, len(done.sources), "every source failed")


def ledger(done: Filled) -> list[dict[str, Any]]:
    """Pages by source, month and place, and the outcomes of attempts and of rows passed over."""
    rows = []
    for source in done.sources:
        tally, source_id = source.tally, source.collected.source_id
        for place, month in sorted({*tally.wanted, *tally.known}):
            key = (place, month)
            counts = (("to fetch", tally.wanted[key]), ("already there", tally.known[key]))
            rows += [_row(source_id, f"{place} {month}", *count) for count in counts if count[1]]
        rows += [_row(source_id, "attempts", *count) for count in sorted(tally.outcomes.items())]
        rows += [_row(source_id, "passed over", *count) for count in sorted(tally.passed.items())]
    rows += [_row("all", "pages", *count) for count in sorted(done.outcomes.items())]
    return rows


def _row(source_id: str, what: str, outcome: str, count: int) -> dict[str, Any]:
    return {"source": source_id, "what": what, "outcome": str(outcome), "count": count}


def outcome_in_words(done: Filled) -> str:
    """What a run did, or what a dry run says would be done, in words."""
    tallies = [one.tally for one in done.sources]
    requests = counted(sum(tally.requests for tally in tallies), "request")
    saved = sum(tally.saved for tally in tallies)
    notes = sorted(
        {f"{one.collected.source_id}: {n}" for one in done.sources for n in one.tally.notes}
    )
    wanted = sum(tally.wanted.total() for tally in tallies)
    known = counted(sum(tally.known.total() for tally in tallies), "article")
    days = Counter(
        tally.states.get(day, "missing") for tally in tallies for day in done.period.days
    )
    there = ", ".join(f"{days[state]:,} {state}" for state in ("observed", "partial", "missing"))
    parts = [f"{done.period.first} to {done.period.last}: days before {there}"]
    if done.dry_run:
        took = timedelta(seconds=round(wanted * done.pause))
        pages = counted(wanted, "page")
        parts.append(f"{pages} to fetch, a request each, {took} at a pause of {done.pause:g} s")
        parts.append(f"{known} already there; {requests} made to find this out")
    else:
        articles = counted(done.loaded.articles, "new article")
        parts.append(f"{articles} of {counted(sum(t.fetched for t in tallies), 'page')}")
        parts.append(f"{requests}, {saved:,} lists read from the raw archive, {known} known before")
        if done.remaining:
            parts.append(f"{counted(done.remaining, 'page')} left: the same command goes on")
    return "; ".join([*parts, *notes])
