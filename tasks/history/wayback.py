"""Pages of a source that the Wayback Machine has, captured near the day on which they appeared."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from operator import attrgetter

from tasks.backfill.selection import SourceDomains
from tasks.collect.listings import NoListing
from tasks.collect.listings.section_links import looks_like_article
from tasks.history.cdx import Answer, Archived, query, read_answer
from tasks.history.periods import DAY, Period, named_day, windows
from tasks.history.replay import EXCLUDED, as_captured, is_excluded, replay_address
from tasks.history.visit import Visit
from tasks.model import Entry, Outcome, Provenance
from tasks.progress import advance
from tasks.sources.source import Source
from tasks.text.urls import fold, registrable_domain
from warehouse.read.history_state import Tried, tried_pages

PLACE = "wayback"
# A page is captured on the day of its publication or later; most that are captured at all are so
# within days.
LATE = timedelta(days=7)
NEVER = Tried(has_article=False, captures=frozenset())
MOST_ANSWERS = 1_000  # of one query: a server that gives the same key again and again


class Wayback:
    """The Wayback Machine, for the sources of one run."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._domains = SourceDomains(sources)

    def fill(self, visit: Visit) -> None:
        """Fetch the earliest capture of each page that may be of a day to be filled."""
        for period, domain in product(windows(visit.wanted_days), domains_of(visit.source)):
            if visit.tally.error:
                return
            last = min(period.last + LATE, visit.job.today)
            for address, answer in _answers(visit, domain, Period(period.first, last)):
                chosen = list(self._chosen(visit, answer.captures))
                for number, capture in enumerate(chosen, 1):
                    if visit.job.dry_run or visit.is_over:
                        break
                    about = f"{visit.source.id}: captures of {period.first:%Y-%m}"
                    advance(about, number, len(chosen))
                    visit.done.add(fold(capture.page))
                    url = replay_address(visit.job.settings.wayback, capture)
                    attempt = as_captured(visit.fetch(url, Provenance.WAYBACK), capture)
                    visit.record(attempt, Entry(capture.page, address))
            if visit.is_over:
                visit.note_end()

    def _chosen(self, visit: Visit, captures: Iterable[Archived]) -> Iterator[Archived]:
        """The captures that are to be fetched; the others are counted."""
        tally, found = visit.tally, list[Archived]()
        wanted = set(visit.wanted_days)
        # Of each URL: some have a capture for http, https, a port and `www.` each.
        earliest: dict[str, Archived] = {}
        for capture in captures:
            known = earliest.get(capture.urlkey, capture)
            earliest[capture.urlkey] = min(known, capture, key=attrgetter("captured_at"))
        for capture in earliest.values():
            day = named_day(capture.page)
            if not looks_like_article(capture.page):
                reason = "no_article_url"
            elif self._domains.source_of(capture.page)[0] != visit.source.id:
                reason = "other_source"
            # A day in an address is one of the source's time zone.
            elif day and wanted.isdisjoint((day - DAY, day, day + DAY)):
                reason = "other_day"
            else:
                found.append(capture)
                continue
            tally.passed[reason] += 1
        tried = tried_pages(visit.job.layout, (fold(capture.page) for capture in found))
        for capture in found:
            key, month = fold(capture.page), (PLACE, f"{capture.captured_at:%Y-%m}")
            before = tried.get(key, NEVER)
            if key in visit.done or before.has_article:
                tally.known[month] += 1
            elif (
                capture.captured_at in before.captures
                or len(before.captures) >= visit.job.captures_per_page
            ):
                tally.passed["tried_before"] += 1
            else:
                tally.wanted[month] += 1
                yield capture


def domains_of(source: Source) -> tuple[str, ...]:
    """The domains whose pages are the source's."""
    named = {registrable_domain(url) or "" for url in source.listings}
    return source.domains or tuple(sorted(named - {""}))


def _answers(visit: Visit, domain: str, period: Period) -> Iterator[tuple[str, Answer]]:
    """The answers of the index about a domain in a period, each with its address."""
    settings, tally = visit.job.settings, visit.tally
    key, seen = "", set[str]()
    while key not in seen and len(seen) < MOST_ANSWERS:
        seen.add(key)
        url = query(settings.wayback, domain, period, settings.index_rows, key)
        attempt = visit.read_index(url, period.last, Provenance.WAYBACK)
        if attempt is None:
            return
        answer = (
            read_answer(attempt.payload)
            if attempt.outcome is Outcome.LISTED
            else NoListing(attempt.outcome, EXCLUDED if is_excluded(attempt) else attempt.detail)
        )
        if isinstance(answer, NoListing):
            attempt = replace(attempt, outcome=answer.outcome, detail=answer.detail)
        elif broken := answer.passed.get("unreadable_row"):
            attempt = replace(attempt, detail=f"{broken} rows could not be read")
        if attempt.seconds or attempt.exchanges:  # not a copy of the raw archive
            visit.record(attempt, Entry(url, PLACE))
        if isinstance(answer, NoListing):
            if is_excluded(attempt):
                tally.notes.append(f"{domain} is {EXCLUDED}")
            else:
                about = f"{attempt.outcome}: {attempt.detail}"
                tally.error = f"the index of the archive could not be read: {about}"
            return
        tally.passed.update(answer.passed)
        yield url, answer
        if not answer.resume_key:
            return
        key = answer.resume_key
