"""The backfill job: extract articles from WARC archives, in shards; resumes where it stopped."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.runs.installation import open_for_run
from flows.runs.presswatch_flow import presswatch_flow
from tasks.archive.warc_files import WarcPath
from tasks.backfill.dry_run import estimate
from tasks.backfill.selection import FIRST_DAY, LAST_DAY, Selection, SourceDomains, select
from tasks.backfill.shard_processes import ShardPool, shard_pool
from tasks.backfill.shard_runs import Place, sweep_staged
from tasks.backfill.shards import FLOW, Done, find_warcs, open_warcs
from tasks.backfill.task import MB, Backfilled, ShardWork, backfill_part, megabytes
from tasks.installation import Installation
from tasks.load.task import load_runs, publish_snapshot
from tasks.locks.run_locks import new_run_id
from tasks.locks.source_locks import SourceBusy, source_lock
from tasks.model import ARTICLE_OUTCOMES, RunFailed
from tasks.report.task import report_or_warn
from tasks.settings import MAX_PROCESSES, ConfigError, Settings
from tasks.text.counted import counted
from warehouse.store.lease import lease_sources

if TYPE_CHECKING:
    from tasks.backfill.dask_cluster import Cluster

log = logging.getLogger(__name__)

# Shards are not task runs of their own: each would cost 74 ms and 20 kB of Prefect's database.
MAX_TASKS = 50  # task runs of one backfill at most
MIN_TASK_BYTES = 1024 * MB  # bytes of WARC files for one task run at least
COLUMNS = ("records", "became", "outcome")  # of the ledger at the terminal


@presswatch_flow("backfill", checks=True)
def backfill(
    warcs: Annotated[list[str], Field(min_length=1)],
    domains: list[str] = [],  # noqa: B006 - a real default makes a good form; never changed
    since: date = FIRST_DAY,
    until: date = LAST_DAY,
    languages: list[str] = [],  # noqa: B006
    only_known: bool = False,
    every_url: bool = False,
    dry_run: bool = False,
    processes: Annotated[int, Field(ge=0, le=MAX_PROCESSES)] = 0,
    sources_file: str = "",
    topics_file: str = "",
    data: str = "",
) -> Backfilled:
    """Extract the articles of WARC archives. The archives stay where they are.

    Args:
        warcs: Files, folders or globs on the machine of the run: .warc, .warc.gz, .warc.zst.
        domains: Pages of these domains and all hosts below them; of all when empty.
        since: First day of publication in UTC.
        until: Last day of publication in UTC.
        languages: Articles in these languages, such as en; in all when empty.
        only_known: Ignore pages of domains that no source of sources.toml has.
        every_url: Also take pages whose URL does not look like an article's.
        dry_run: Load nothing, and estimate the totals from a sample.
        processes: Processes that extract pages; 0 takes the setting, one for each core.
    """
    installation = open_for_run(sources_file, topics_file, data)
    chosen = select(domains, since, until, languages, only_known, every_url)
    done = _backfill(installation, chosen, find_warcs(warcs), dry_run, processes)
    message = outcome_in_words(done, processes or installation.settings.processes)
    return Completed(message=message, data=done)  # type: ignore[return-value]


def _backfill(
    installation: Installation,
    chosen: Selection,
    paths: list[WarcPath],
    dry_run: bool,
    processes: int,
) -> Backfilled:
    layout, settings = installation.layout, installation.settings
    domains = SourceDomains(installation.sources)
    chosen = replace(chosen, owners=domains.key(chosen.domains))
    place = Place(layout, installation.sources, installation.topics, settings, chosen)
    with ExitStack() as held:
        if not dry_run:
            try:
                held.enter_context(source_lock(layout, FLOW))
            except SourceBusy:
                raise RunFailed("another backfill is at work here") from None
            if held.enter_context(lease_sources(layout, f"{FLOW}-{new_run_id()}", [FLOW])):
                raise RunFailed("another machine's backfill is at work in the store")
            # After the locks: only the one backfill may remove staged rows.
            sweep_staged(layout)
        files, earlier = open_warcs(paths), Done(layout, chosen, domains)
        before = sum(map(earlier.bytes, files))
        done = Backfilled(len(files), sum(one.bytes for one in files) - before, before)
        log.info("%s, %s to do", counted(len(files), "WARC file"), megabytes(done.bytes))
        if dry_run:
            pool = held.enter_context(shard_pool(processes or settings.processes))
            done.estimate = estimate(place, files, done.bytes, pool)
            about = "What the sample's records gave"
            create_table_artifact(key="backfill-estimate", table=ledger(done), description=about)
            return done
        engine = held.enter_context(refining(settings, processes))
        to_do = (one for one in files if earlier.bytes(one) < one.bytes)
        shards = engine.shards(to_do, settings.limits.shard_bytes, earlier)
        _load_all(installation, ShardWork(place, engine.refined(shards, place.job), done))
    log.info("done: %s", done.pace())
    if done.done:
        about = "What the records gave"
        create_table_artifact(key="backfill-ledger", table=ledger(done), description=about)
    if done.failed and len(done.failed) == done.done:
        first = done.failed[0]
        raise RunFailed(f"every shard failed ({done.done}); {first.shard.url}: {first.error}")
    return done


@contextmanager
def refining(settings: Settings, processes: int = 0) -> "Iterator[ShardPool | Cluster]":
    """Yields what refines shards: processes here, or the cluster that PRESSWATCH_DASK names.

    ConfigError without Dask, RunFailed when the cluster cannot be used.
    """
    address = settings.dask
    if not address:
        with shard_pool(processes or settings.processes) as pool:
            yield pool
        return
    try:
        from prefect_dask.task_runners import DaskTaskRunner

        from tasks.backfill.dask_cluster import Cluster
    except ModuleNotFoundError as missing:
        why = f"PRESSWATCH_DASK: {missing.name} is not installed: pip install 'presswatch[dask]'"
        raise ConfigError([why]) from None
    # The timeout is that of the connection to the scheduler, in seconds.
    with DaskTaskRunner(address=address, client_kwargs={"timeout": 10}) as runner:
        try:
            client = runner.client
        except OSError as error:
            why = f"PRESSWATCH_DASK: no Dask scheduler answers at {address}: {error}"
            raise RunFailed(why) from None
        yield Cluster(client, address)


def _load_all(installation: Installation, work: ShardWork) -> None:
    """Load everything in at most MAX_TASKS tasks, publishing after each."""
    progress = work.progress
    part = max(MIN_TASK_BYTES, progress.bytes // MAX_TASKS)
    more, last = progress.bytes > 0, list[State[Any]]()  # `last` is the state of the last task
    while more:
        progress.tasks += 1
        name = f"from {megabytes(progress.bytes_done)} of {megabytes(progress.bytes)}"
        refining = backfill_part(work, part, name, wait_for=last, return_state=True)
        more = refining.result()
        last = [publish_snapshot(installation, wait_for=[refining], return_state=True)]
        last[0].result()
    if not progress.tasks:
        # Commits of a killed backfill that were not published.
        last = [load_runs(installation, [], return_state=True)]
        last[0].result()
    publishing = publish_snapshot(installation, wait_for=last, return_state=True)
    if publishing.result() or progress.tasks:
        report_or_warn(installation, "ingest-topics", [publishing])


def ledger(done: Backfilled) -> list[dict[str, Any]]:
    """The records of the shards, or of a dry run's sample, by outcome."""
    guess, rows = done.estimate, []
    counts, passed = (guess.outcomes, guess.passed) if guess else (done.counts, done.passed)
    for outcome, count in sorted(counts.items()):
        became = "an article" if outcome in ARTICLE_OUTCOMES else "rejected"
        rows.append({"records": count, "became": became, "outcome": str(outcome)})
    for reason, count in sorted(passed.items()):
        rows.append({"records": count, "became": "passed over", "outcome": reason})
    return rows


def outcome_in_words(done: Backfilled, processes: int) -> str:
    """What a run did, or what a dry run estimates, in words."""
    guess, before = done.estimate, f"{megabytes(done.bytes_before)} done before"
    if guess is None:
        shards = f"{counted(done.done, 'shard')} of {counted(done.files, 'file')} done"
        return f"{shards}, {len(done.failed)} of them failed; {before}"
    seconds = timedelta(seconds=round(guess.cpu_seconds / processes))
    unread = "".join(f"\n{one.shard.url} was not read: {one.error}" for one in guess.failed)
    return (
        f"{counted(done.files, 'file')}, {megabytes(guess.bytes)} to do, {before};"
        f" estimated from {megabytes(guess.sampled)}:\n{guess.articles:,} of"
        f" {counted(guess.pages, 'page')} with an article, some of which may be known or there"
        f" twice, {seconds} in"
        f" {counted(processes, 'process', 'processes')},"
        f" {megabytes(guess.parquet_bytes)} of Parquet{unread}"
    )
