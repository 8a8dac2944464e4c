"""One source in one run of a history: requests within their bound, archived, and counted."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property

from tasks.archive.write import ArchiveWriter
from tasks.collect.collector import MAX_FAILURES_IN_A_ROW, UNANSWERED, Collected
from tasks.collect.fetch.client import Client
from tasks.collect.listing_cache import archived_copy
from tasks.history.periods import Period
from tasks.history.replay import DIFFERS
from tasks.model import Attempt, CaptureKind, Entry, ListingSummary, Outcome, Provenance
from tasks.settings import WAYBACK, History
from tasks.sources.source import Source
from warehouse.layers.layout import Layout
from warehouse.read.history_state import IndexCopy, day_states, index_copies

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """Counts of what was found of a source, and of what was done."""

    states: dict[date, str] = field(default_factory=dict)  # of the days, before the run
    # Pages that were to be fetched, and those that were there, by place and month (2024-03).
    wanted: Counter[tuple[str, str]] = field(default_factory=Counter)
    known: Counter[tuple[str, str]] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)  # pages passed over, by reason
    outcomes: Counter[str] = field(default_factory=Counter)  # of attempts
    requests: int = 0
    saved: int = 0  # lists that did not have to be asked for again
    fetched: int = 0  # pages asked for
    notes: list[str] = field(default_factory=list)
    error: str = ""  # why the source failed; empty when it did not

    @property
    def remaining(self) -> int:
        """Pages that a later run has to fetch."""
        return self.wanted.total() - self.fetched


@dataclass(slots=True)
class Job:
    """What the sources of one run share."""

    layout: Layout
    run_id: str
    client: Client
    settings: History
    period: Period
    requests_left: int
    captures_per_page: int = 2
    dry_run: bool = False

    @property
    def today(self) -> date:
        """The current UTC day, of which nothing is history yet."""
        return datetime.now(UTC).date()


class Visit:
    """The requests for one source."""

    def __init__(self, job: Job, source: Source, archive: ArchiveWriter | None) -> None:
        self.job, self.source, self._archive = job, source, archive
        self.tally = Tally()
        self.tally.states = day_states(job.layout, source.id, job.period.first, job.period.last)
        # Folded URLs that need not be asked for at another place of this visit.
        self.done: set[str] = set()
        self._whole: list[Period] = []
        self.unanswered = 0  # requests in a row without an answer

    @cached_property
    def _copies(self) -> dict[str, IndexCopy]:
        return index_copies(self.job.layout, self.source.id)

    @property
    def wanted_days(self) -> list[date]:
        """The past days that neither polls nor this visit have completed."""
        today, states = self.job.today, self.tally.states
        return [
            day
            for day in self.job.period.days
            if day < today
            and states.get(day) != "observed"
            and not any(period.has(day) for period in self._whole)
        ]

    @property
    def is_over(self) -> bool:
        """Whether no more requests may be made: the bound is reached, or the host fell silent."""
        return self.job.requests_left <= 0 or self.unanswered >= MAX_FAILURES_IN_A_ROW

    def read_index(self, url: str, last_day: date, provenance: Provenance) -> Attempt | None:
        """An archive's list of pages, from the raw archive if it was read after its last day.

        None where no more requests may be made.
        """
        copy = self._copies.get(url)
        if copy and copy.read_at.date() > last_day:
            payload = archived_copy(self.job.layout, copy.raw_ref)
            if payload:
                self.tally.saved += 1
                return Attempt(
                    *(CaptureKind.INDEX, url, url, Outcome.LISTED, copy.read_at, 0.0),
                    payload=payload,
                    obtained_from=provenance,
                )
        if self.is_over:
            return None
        return self._fetch(url, CaptureKind.INDEX, provenance)

    def fetch(self, url: str, provenance: Provenance) -> Attempt:
        """Fetch a page; the caller records the attempt."""
        self.tally.fetched += 1
        return self._fetch(url, CaptureKind.PAGE, provenance)

    def _fetch(self, url: str, kind: CaptureKind, provenance: Provenance) -> Attempt:
        pause, private = self._politeness(provenance)
        attempt = self.job.client.get(
            url, kind=kind, record=self._count_requests, min_interval=pause, allow_private=private
        )
        self.unanswered = self.unanswered + 1 if attempt.outcome in UNANSWERED else 0
        return replace(attempt, obtained_from=provenance)

    def _politeness(self, provenance: Provenance) -> tuple[float, bool]:
        """The pause between requests in seconds, and whether the host may be a private one."""
        if provenance is not Provenance.WAYBACK:
            return self.source.min_interval_seconds, self.source.allow_private_hosts
        settings = self.job.settings
        # An archive of one's own, which the settings name, may be in a private network.
        return settings.pause_seconds, settings.wayback.rstrip("/") != WAYBACK

    def sitemaps_of(self, site: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of the source's site names."""
        pause, private = self._politeness(Provenance.SOURCE_ARCHIVE)
        return self.job.client.sitemaps(
            site, record=self._count_requests, min_interval=pause, allow_private=private
        )

    def _count_requests(self, attempt: Attempt) -> None:
        """Count the requests of an attempt; one at a robots.txt is recorded as well."""
        self.tally.requests += len(attempt.exchanges)
        self.job.requests_left -= len(attempt.exchanges)
        if attempt.kind is CaptureKind.ROBOTS:
            self.record(attempt)

    def record(self, attempt: Attempt, entry: Entry | None = None) -> None:
        """Archive an attempt, and count it; a dry run only counts."""
        self.tally.outcomes[attempt.outcome] += 1
        if attempt.detail == DIFFERS:
            self.tally.passed["digest_differs"] += 1
        if self._archive:
            self._archive.write(attempt, entry)

    def record_whole(self, sitemaps: Iterable[str], period: Period, pages: int) -> None:
        """Record that all pages that sitemaps name for a period were requested.

        Each sitemap is recorded: whether the period is whole depends on what its pages gave.
        """
        self._whole.append(period)
        about = f"all {pages} pages of {period.first} to {period.last} were asked for"
        summary = ListingSummary(
            *("sitemap", pages, pages, None, None, None),
            newest_at=datetime.combine(period.last, time(), UTC),
            window_from=datetime.combine(period.first, time(), UTC),
            window_entries=pages,
        )
        for url in sorted(sitemaps):
            self.record(
                Attempt(
                    *(CaptureKind.INDEX, url, url, Outcome.LISTED, datetime.now(UTC), 0.0, about),
                    listing=summary,
                    obtained_from=Provenance.SOURCE_ARCHIVE,
                )
            )

    def note_end(self) -> None:
        """Note once why no more requests are made."""
        note = "the run has made all requests that it may"
        if self.unanswered >= MAX_FAILURES_IN_A_ROW:
            note = f"no answer {MAX_FAILURES_IN_A_ROW} times in a row"
        if note not in self.tally.notes:
            self.tally.notes.append(note)


@dataclass(frozen=True, slots=True)
class SourceHistory:
    """One source in one run: the attempts, as a visit of `ingest` counts them, and the tally."""

    collected: Collected
    tally: Tally


Place = Callable[[Visit], None]


def collect_history(job: Job, source: Source, places: tuple[Place, ...]) -> SourceHistory:
    """Fetch what the places have of a source; an exception becomes its error."""
    archive = ArchiveWriter(job.layout.raw, source.id, job.run_id)
    visit = Visit(job, source, None if job.dry_run else archive)
    tally = visit.tally
    try:
        with archive:
            for place in places:
                visit.unanswered = 0  # each place has another host
                place(visit)
    except Exception as error:
        log.exception("%s: its history stopped", source.id)
        tally.error = f"{type(error).__name__}: {error}"
    counts = {str(outcome): count for outcome, count in sorted(tally.outcomes.items())}
    about = (source.id, archive.path, tally.wanted.total(), tally.remaining)
    return SourceHistory(Collected(*about, outcomes=counts, error=tally.error), tally)
