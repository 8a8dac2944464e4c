"""What Prefect shows of an ingest: its name, artifacts and final state."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.states import Completed
from rich.table import Table
from rich.text import Text

from tasks.collect.circuit_breaker import EVERY_SOURCE_FAILED
from tasks.collect.collector import Collected
from tasks.installation import Installation
from tasks.load.load_run import LoadReport
from tasks.locks.source_locks import busy_with
from tasks.model import ARTICLE_OUTCOMES, LISTING_OUTCOMES, Batch, Outcome, RunFailed
from tasks.refine.refine_source import outcome_counts
from tasks.report.completeness import lost_articles, rolled_over
from tasks.report.run_summary import (
    RunFigures,
    doubtful_pages,
    ledger_page,
    outside_calendars,
    read_run,
    rejections_page,
    topics_page,
    undated_files,
    undated_pages,
)
from tasks.text.control_characters import without_controls
from tasks.text.counted import counted
from tasks.topics.languages import without_alias
from warehouse.read.source_health import SourceHealth, unhealthy

log = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ingested:
    """The result of a run."""

    run_id: str
    sources: tuple[Collected, ...] = ()
    batches: tuple[Batch, ...] = ()
    loaded: LoadReport = field(default_factory=LoadReport)
    # Sources that another run is collecting: its run id by source id.
    busy: Mapping[str, str] = field(default_factory=dict)
    # Articles missed in the listings of a source between two polls, in words, by source id.
    lost: Mapping[str, str] = field(default_factory=dict)
    # Topics that do not count the language of a source, in words, by source id.
    without_alias: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Collected, ...]:
        """Sources that failed."""
        return tuple(source for source in self.sources if source.error)


def run_name(sources: int, new: int | None = None) -> str:
    """A run's name for people."""
    name = f"ingest {counted(sources, 'source')}"
    return name if new is None else f"{name}, {new} new"


def skip(run_id: str, busy: Mapping[str, str]) -> State[Ingested]:
    """End a scheduled run whose sources are all being collected by another run."""
    message = busy_with(busy)
    log.info("nothing to collect: %s", message)
    set_run_name("ingest, skipped")
    return Completed(name="Skipped", message=message, data=Ingested(run_id, busy=busy))


def nothing_due(message: str) -> State[Ingested]:
    """End a run for which no source is due."""
    log.info("%s", message)
    set_run_name("ingest, nothing due")
    return Completed(name="NothingDue", message=message, data=Ingested(""))


def end(installation: Installation, done: Ingested, *, is_published: bool) -> State[Ingested]:
    """Create the run's artifacts and events, and return its final state.

    RunFailed when every source failed.
    """
    loaded = done.loaded
    articles = counted(loaded.articles, "new article")
    counts = f"{articles}, {loaded.revised:,} revised, {counted(loaded.mentions, 'mention')}"
    message = f"loaded: {counts}; {'published' if is_published else 'nothing new to publish'}"
    figures = read_run(installation.layout, done.run_id)
    asked = {source.source_id for source in done.sources}
    lacking = {
        source.id: note
        for source in installation.sources
        if source.id in asked and (note := without_alias(installation.topics, source.language))
    }
    lost = {row["source_id"]: rolled_over(row) for row in figures.ledger}
    done = replace(done, lost=lost, without_alias=lacking)
    ailing = unhealthy(installation.layout, datetime.now(UTC))
    rejecting = [one for one in ailing if one.is_rejecting_more and one.source_id in asked]
    too_long = sum(one.outcomes.get(Outcome.URL_TOO_LONG, 0) for one in done.sources)
    notes = (
        f"{counted(too_long, 'link')} too long to ask for" if too_long else "",
        busy_with(done.busy) if done.busy else "",
        undated_files(figures),
        undated_pages(figures),
        outside_calendars(figures),
        lost_articles(figures.ledger),
        doubtful_pages(figures),
        *(f"{one.source_id}: {one.rejections}" for one in rejecting),
        *sorted(set(done.without_alias.values())),
    )
    message = _joined(message, *notes)
    log.info("%s", message)
    set_run_name(run_name(len(done.sources), loaded.articles))
    _create_artifacts(figures, done, ailing)
    names = {source.id: source.name for source in installation.sources}
    emit_source_events(names, done.failed, ailing)
    asked_for = sum(not source.skipped for source in done.sources)
    if not asked_for and not done.batches:
        return Completed(name="Skipped", message=message, data=done)
    return final_state(done, message, done.failed, asked_for, EVERY_SOURCE_FAILED)


def emit_source_events(
    names: Mapping[str, str],  # of all sources, by id
    failed: Iterable[Collected],
    ailing: Iterable[SourceHealth],
) -> None:
    """Emit an event for each source that failed, is skipped, is silent, or rejects more."""
    run = _flow_run()
    run_id = f"prefect.flow-run.{run.id}" if run else ""
    related = [{"prefect.resource.id": run_id, "prefect.resource.role": "flow-run"}] if run else []

    def emit(event: str, source_id: str, message: str) -> None:
        resource = {
            "prefect.resource.id": f"presswatch.source.{source_id}",
            "prefect.resource.name": names.get(source_id, ""),
        }
        emit_event(
            f"presswatch.source.{event}", resource, related=related, payload={"message": message}
        )

    for source in failed:
        log.warning("%s failed: %s", source.source_id, source.error)
        emit("failed", source.source_id, source.error)
    now = datetime.now(UTC)
    for health in ailing:
        if health.is_silent or health.is_open(now):
            emit("silent" if health.is_silent else "open", health.source_id, health.why)
        if health.is_rejecting_more:
            emit("rejecting", health.source_id, health.rejections)


def final_state(
    done: Result, message: str, failed: Sequence[Collected], tried: int, all_failed: str
) -> State[Result]:
    """A run's final state: Completed, or Partial if some sources failed; RunFailed if all did."""
    if not failed:
        return Completed(message=message, data=done)
    why = f"{failed[0].source_id}: {failed[0].error}"
    if len(failed) == tried:
        raise RunFailed(f"{all_failed} ({len(failed)}); {why}")
    message = f"{len(failed)} of {tried} sources failed; {why}; {message}"
    return Completed(name="Partial", message=message, data=done)


def _create_artifacts(figures: RunFigures, done: Ingested, ailing: Iterable[SourceHealth]) -> None:
    listed = {source.source_id: source.listed for source in done.sources}
    rejecting = {health.source_id: health.rejections for health in ailing}
    notes = {
        source.source_id: _joined(
            _source_notes(source),
            rejecting.get(source.source_id),
            done.without_alias.get(source.source_id),
        )
        for source in done.sources
    }
    for source_id, run_id in done.busy.items():
        listed[source_id], notes[source_id] = 0, f"left to run {run_id}"
    pages = {
        "ingest-ledger": (
            ledger_page(done.run_id, figures, listed, notes),
            "What was collected of each source",
        ),
        "ingest-new": (topics_page(figures), "Topics of the new articles"),
        "ingest-rejections": (rejections_page(figures), "Pages that gave no article"),
    }
    for key, (markdown, about) in pages.items():
        create_markdown_artifact(key=key, markdown=markdown, description=about)


def _source_notes(source: Collected) -> str:
    deferred = f"{source.deferred} deferred to a later run" if source.deferred else ""
    late = ": ".join(filter(None, (deferred, source.late)))
    notes = "".join(source.listing_notes[:1])
    if len(source.listing_notes) > 1:
        notes += f" (and {len(source.listing_notes) - 1} more)"
    return source.error or source.skipped or _joined(*source.failed_listings, late, notes)


def _joined(*notes: str | None) -> str:
    return "; ".join(filter(None, notes))


def summary(done: Ingested) -> Table:
    """The run's ledger for a terminal."""
    table = Table(title=f"Run {done.run_id}", title_justify="left", box=None)
    for column in ("source", "listed", "articles", "rechecked", "rejected", "note"):
        table.add_column(column, overflow="fold")
    refined = {batch.source_id: batch.counts for batch in done.batches}
    for source in done.sources:
        counts = refined.get(source.source_id, {})
        articles = sum(counts.get(outcome, 0) for outcome in ARTICLE_OUTCOMES)
        not_rejected = ARTICLE_OUTCOMES | LISTING_OUTCOMES | {Outcome.LEFT_FOR_LATER}
        rejected = {outcome: n for outcome, n in counts.items() if outcome not in not_rejected}
        notes = (each.get(source.source_id) for each in (done.lost, done.without_alias))
        table.add_row(
            source.source_id,
            str(source.listed),
            str(articles),
            str(source.rechecked),
            outcome_counts(rejected) or "-",
            Text(without_controls(_joined(_source_notes(source), *notes))),
        )
    return table


def is_scheduled() -> bool:
    """Whether the deployment's schedule started the run, not a person."""
    run = _flow_run()
    return bool(run and run.auto_scheduled)


def set_run_name(name: str) -> None:
    """Set the run's name in Prefect's lists."""
    run = _flow_run()
    if run:
        with get_client(sync_client=True) as client:
            client.update_flow_run(run.id, name=name)


def show_waiting(why: str) -> None:
    """Show what the run is waiting for, in its log and in its name."""
    # Not as a state: a forced one, "Waiting", misled Prefect's orchestration and automations.
    log.info("waiting: %s", why)
    set_run_name(f"ingest, waiting: {why}")


def _flow_run() -> FlowRun | None:
    context = FlowRunContext.get()
    return context.flow_run if context else None
