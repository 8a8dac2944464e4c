"""Years of news from WARC archives, in shards over all cores; what is done is not done again."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from pydantic import Field
from rich.console import Group
from rich.table import Table
from rich.text import Text

from flows.installation import Installation, open_installation
from flows.runs.backfill_executor import refining
from flows.runs.prefect_settings import log_to_prefect
from tasks.backfill.estimate import Estimate, estimate
from tasks.backfill.loading import Place, grouped, load_shards, sweep_staged
from tasks.backfill.selection import FIRST_DAY, LAST_DAY, Selection
from tasks.backfill.shard_jobs import Staged
from tasks.backfill.shard_processes import Refinement, ShardFailed, shard_pool
from tasks.backfill.shards import FLOW, Done, find_warcs, open_warcs
from tasks.collect.collector import SourcesFailed
from tasks.load.task import load_runs, publish_snapshot
from tasks.locks.run_locks import new_run_id
from tasks.locks.source_locks import SourceBusy, source_lock
from tasks.model import ARTICLE_OUTCOMES
from tasks.progress import advance
from tasks.report.task import report_snapshot
from warehouse.read.query import query
from warehouse.store.source_leases import stored_turn

log = logging.getLogger(__name__)

MOST_TASKS = 50
"""Task runs of one backfill."""
MB = 1024 * 1024
KNOWN_DAY = "FROM coverage LIMIT 1"
FEWEST_BYTES = 1024 * MB
"""Of WARC files, that a task takes on."""


@dataclass(slots=True)
class Backfilled:
    """What a backfill came to."""

    files: int
    bytes: int
    """Of the files, without what was done before."""
    bytes_before: int
    """Done before."""
    begun_at: float = field(default_factory=time.monotonic)
    tasks: int = 0
    """Task runs it took."""
    done: int = 0
    """Shards."""
    bytes_done: int = 0
    failed: list[ShardFailed] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Captures by outcome, as loaded."""
    pages: int = 0
    """Captures refined so far."""
    passed: Counter[str] = field(default_factory=Counter)
    """Records passed over, by reason."""
    estimate: Estimate | None = None
    """Of a dry run."""

    def add(self, refinement: Refinement) -> None:
        """Count one shard in."""
        self.done += 1
        self.bytes_done += refinement.shard.bytes
        if isinstance(refinement, ShardFailed):
            shard = refinement.shard
            log.warning("%s from %d: %s", shard.url, shard.start, refinement.error)
            self.failed.append(refinement)
        else:
            self.pages += refinement.pages
            self.passed.update(refinement.passed)
        advance("backfilled, MB", self.bytes_done // MB, self.bytes // MB)

    def pace(self) -> str:
        """How far it is, how fast, and how long the rest will take."""
        seconds = time.monotonic() - self.begun_at
        left = timedelta(seconds=round(seconds * (self.bytes / max(1, self.bytes_done) - 1)))
        return (
            f"{_size(self.bytes_done)} of {_size(self.bytes)}:"
            f" {self.counts['article']} new articles of {self.pages} pages,"
            f" {self.pages / max(seconds, 0.001):.0f} pages a second, {left} left"
        )


class _Work:
    """The groups of refined shards still to come, and what came of them."""

    def __init__(
        self, place: Place, refinements: Iterable[Refinement], progress: Backfilled
    ) -> None:
        self.place, self.progress = place, progress
        pages = place.settings.limits.pages_a_run
        self._groups = grouped(self._counted(refinements), pages)

    def _counted(self, refinements: Iterable[Refinement]) -> Iterator[Refinement]:
        for refinement in refinements:
            self.progress.add(refinement)
            yield refinement

    def load(self, size: int) -> bool:
        """Load groups of at least `size` bytes of archives together; whether there may be more."""
        for group in self._groups:
            staged = [one for one in group if isinstance(one, Staged)]
            if staged:
                self.progress.counts.update(load_shards(self.place, staged, log.info))
            log.info(self.progress.pace())
            size -= sum(one.shard.bytes for one in group)
            if size <= 0:
                return True
        return False


@task(task_run_name="backfill {name}", cache_policy=NO_CACHE)
def backfill_part(work: _Work, size: int, name: str) -> bool:
    """Refine and load some of the shards; whether there may be more."""
    return work.load(size)


@flow(name="backfill", flow_run_name="backfill", persist_result=False)
def backfill(
    warcs: list[str],
    domains: list[str] = [],  # noqa: B006 - a real default makes a good form; never changed
    since: date = FIRST_DAY,
    until: date = LAST_DAY,
    languages: list[str] = [],  # noqa: B006
    only_known: bool = False,
    every_url: bool = False,
    dry_run: bool = False,
    processes: Annotated[int, Field(ge=0)] = 0,
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> Backfilled:
    """Take the articles out of WARC archives. The archives stay where they are.

    Args:
        warcs: Files, folders or globs: .warc, .warc.gz, .warc.zst.
        domains: Pages of these domains and all hosts below them; of all when empty.
        since: First day of publication in UTC.
        until: Last day of publication in UTC.
        languages: Articles in these languages, such as en; in all when empty.
        only_known: Leave aside pages of domains that no paper of sources.toml has.
        every_url: Take pages too whose URL does not look like an article's.
        dry_run: Load nothing, and estimate from a sample what it would come to.
        processes: Processes at work on this machine; 0 takes the setting, one for each core.
        sources_file: The papers, a TOML file; empty takes PRESSWATCH_SOURCES.
        topics_file: The topics, a TOML file; empty takes PRESSWATCH_TOPICS.
        data: The data folder; empty takes PRESSWATCH_DATA.
    """
    log_to_prefect()
    installation = open_installation(sources_file, topics_file, data)
    chosen = Selection(
        tuple(sorted(domain.lower().strip(".") for domain in domains)),
        since,
        until,
        tuple(sorted(language.lower() for language in languages)),
        only_known,
        every_url,
    )
    place = Place(
        installation.layout,
        installation.sources,
        installation.topics,
        installation.settings,
        chosen,
    )
    paths = find_warcs(warcs)
    with ExitStack() as held:
        if not dry_run:
            held.enter_context(_alone(installation))
            sweep_staged(installation.layout)
        files, known = open_warcs(paths), Done(installation.layout, chosen)
        before = sum(map(known.bytes, files))
        done = Backfilled(len(files), sum(one.bytes for one in files) - before, before)
        log.info("%d WARC files, %s to do", len(files), _size(done.bytes))
        if dry_run:
            pool = held.enter_context(shard_pool(processes or installation.settings.processes))
            done.estimate = estimate(place, files, done.bytes, pool)
            return done
        engine = held.enter_context(refining(installation.settings, processes))
        left = (one for one in files if known.bytes(one) < one.bytes)
        shards = engine.shards(left, installation.settings.limits.shard_bytes, known)
        _load_all(installation, _Work(place, engine.refined(shards, place.job), done))
    _finish(done)
    return done


@contextmanager
def _alone(installation: Installation) -> Iterator[None]:
    """Be the only backfill of the data folder, and of the store where there is one."""
    with ExitStack() as held:
        try:
            held.enter_context(source_lock(installation.layout, FLOW))
        except SourceBusy:
            raise SourcesFailed("another backfill is at work here") from None
        if held.enter_context(stored_turn(installation.layout, f"{FLOW}-{new_run_id()}", [FLOW])):
            raise SourcesFailed("another machine's backfill is at work in the store")
        yield


def _load_all(installation: Installation, work: _Work) -> None:
    """Load it all in some tens of tasks, and let readers see it after each of them."""
    progress = work.progress
    part = max(FEWEST_BYTES, progress.bytes // MOST_TASKS)
    more = progress.bytes > 0
    while more:
        progress.tasks += 1
        name = f"from {_size(progress.bytes_done)} of {_size(progress.bytes)}"
        more = backfill_part(work, part, name)
        publish_snapshot(installation)
    if not progress.tasks:
        load_runs(installation, [])  # what one that was killed had committed, and shown to nobody
    if publish_snapshot(installation) or progress.tasks:
        _report(installation)


def _report(installation: Installation) -> None:
    if (
        not installation.layout.current.exists()
        or not query(installation.layout, KNOWN_DAY).num_rows
    ):
        log.info("no report: it covers the sources of sources.toml, and no day of any is known")
    else:
        state = report_snapshot(installation, "ingest-topics", return_state=True)
        if state.is_failed():
            log.warning(
                "report_failed: %s was not written: %s", installation.layout.report, state.message
            )


def _finish(done: Backfilled) -> None:
    log.info("done: %s", done.pace())
    if done.done:
        create_table_artifact(key="backfill-ledger", table=ledger(done.counts, done.passed))
    if done.failed and len(done.failed) == done.done:
        first = done.failed[0]
        raise SourcesFailed(f"every shard failed ({done.done}); {first.shard.url}: {first.error}")


def ledger(counts: Mapping[str, int], passed: Mapping[str, int]) -> list[dict[str, Any]]:
    """Every record of the shards, by what became of it."""
    rows = [
        {"records": count, "became": _became(outcome), "outcome": str(outcome)}
        for outcome, count in sorted(counts.items())
    ]
    return rows + [
        {"records": count, "became": "passed over", "outcome": str(reason)}
        for reason, count in sorted(passed.items())
    ]


def _became(outcome: str) -> str:
    return "an article" if outcome in ARTICLE_OUTCOMES else "rejected"


def summary(done: Backfilled, processes: int) -> Group:
    """The ledger, or a dry run's estimate, for a terminal."""
    guess = done.estimate
    table = Table(box=None)
    for column in ("records", "became", "outcome"):
        table.add_column(column, justify="right" if column == "records" else "left")
    found = ledger(guess.outcomes, guess.passed) if guess else ledger(done.counts, done.passed)
    for row in found:
        table.add_row(f"{row['records']:,}", row["became"], row["outcome"])
    return Group(Text(_title(done, processes)), table)


def _title(done: Backfilled, processes: int) -> str:
    guess, before = done.estimate, f"{_size(done.bytes_before)} done before"
    if guess is None:
        shards = f"{done.done} shards of {done.files} files done, {len(done.failed)} of them failed"
        return f"{shards}; {before}"
    seconds = timedelta(seconds=round(guess.cpu_seconds / processes))
    unread = "".join(f"\n{one.shard.url} was not read: {one.error}" for one in guess.failed)
    return (
        f"{done.files} files, {_size(guess.bytes)} to do, {before};"
        f" estimated from {_size(guess.sampled)}:\n{guess.articles:,} articles of"
        f" {guess.pages:,} pages, {seconds} in {processes} processes,"
        f" {_size(guess.parquet_bytes)} of Parquet{unread}"
    )


def _size(count: int) -> str:
    return f"{count / MB:,.{0 if count >= 10 * MB else 1}f} MB"
