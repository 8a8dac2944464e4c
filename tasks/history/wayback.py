"""Pages of a source that the Wayback Machine has, captured near the day on which they appeared."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from tasks.backfill.selection import SourceDomains
from tasks.collect.listings.section_links import looks_like_article
from tasks.history.cdx import Answer, IndexedCapture, query, read_answer
from tasks.history.periods import DAY, Period, named_day, windows
from tasks.history.replay import EXCLUDED, as_page_attempt, is_excluded, replay_address
from tasks.history.visit import Visit
from tasks.model import Attempt, Entry, Failure, Outcome, Provenance
from tasks.progress import advance
from tasks.sources.source import Source
from tasks.text.urls import fold_url, registrable_domain
from warehouse.read.history_state import PastAttempts, tried_pages

PLACE = "wayback"
# A page is captured on the day of its publication or later; most captured pages are captured within
# days.
MAX_LATE = timedelta(days=7)
NO_ATTEMPTS = PastAttempts(has_article=False, captures=frozenset())
MAX_ANSWERS = 1_000  # to one query: a server might give new keys without end


class Wayback:
    """The Wayback Machine, for the sources of one run."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._domains = SourceDomains(sources)

    def fill(self, visit: Visit) -> None:
        """Fetch the earliest capture of each page that may be of a day to be filled."""
        for period in windows(visit.wanted_days):
            for domain in domains_of(visit.source):
                if visit.tally.error:
                    return
                self._fill_domain(visit, domain, period)

    def _fill_domain(self, visit: Visit, domain: str, period: Period) -> None:
        last = min(period.last + MAX_LATE, visit.job.today)
        for address, answer in _answers(visit, domain, Period(period.first, last)):
            chosen = list(self._choose_captures(visit, answer.captures))
            for number, capture in enumerate(chosen, 1):
                if visit.job.dry_run or visit.is_over:
                    continue
                advance(f"{visit.source.id}: captures of {period.first:%Y-%m}", number, len(chosen))
                visit.done.add(fold_url(capture.page))
                url = replay_address(visit.job.settings.wayback, capture)
                attempt = as_page_attempt(visit.fetch(url, Provenance.WAYBACK), capture)
                visit.record(attempt, Entry(capture.page, address))
        if visit.is_over:
            visit.note_end()

    def _choose_captures(
        self, visit: Visit, captures: Iterable[IndexedCapture]
    ) -> Iterator[IndexedCapture]:
        """The captures that are to be fetched; the others are counted."""
        tally, found = visit.tally, list[IndexedCapture]()
        wanted = set(visit.wanted_days)
        # One per URL: some have a capture each for http, https, a port and `www.`.
        earliest: dict[str, IndexedCapture] = {}
        for capture in captures:
            known = earliest.setdefault(capture.urlkey, capture)
            if capture.captured_at < known.captured_at:
                earliest[capture.urlkey] = capture
        for capture in earliest.values():
            if reason := self._reason_to_skip(visit, capture, wanted):
                tally.passed[reason] += 1
            else:
                found.append(capture)
        tried = tried_pages(visit.job.layout, (fold_url(capture.page) for capture in found))
        for capture in found:
            key, month = fold_url(capture.page), (PLACE, f"{capture.captured_at:%Y-%m}")
            before = tried.get(key, NO_ATTEMPTS)
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

    def _reason_to_skip(self, visit: Visit, capture: IndexedCapture, wanted: set[date]) -> str:
        """Why a capture is not requested; empty if it is."""
        url = capture.page
        if not looks_like_article(url):
            return "no_article_url"
        if self._domains.source_of(url)[0] != visit.source.id:
            return "other_source"
        day = named_day(url)
        # A day in an address is in the source's time zone.
        if day and wanted.isdisjoint((day - DAY, day, day + DAY)):
            return "other_day"
        return ""


def domains_of(source: Source) -> tuple[str, ...]:
    """The domains whose pages are the source's."""
    named = {registrable_domain(url) or "" for url in source.listings}
    return source.domains or tuple(sorted(named - {""}))


def _answers(visit: Visit, domain: str, period: Period) -> Iterator[tuple[str, Answer]]:
    """The answers of the index about a domain in a period, each with its address."""
    settings, tally = visit.job.settings, visit.tally
    key, seen = "", set[str]()
    while key not in seen and len(seen) < MAX_ANSWERS:
        seen.add(key)
        url = query(settings.wayback, domain, period, settings.index_rows, key)
        attempt = visit.read_index(url, period.last, Provenance.WAYBACK)
        if attempt is None:
            return
        answer, attempt = _parse_answer(attempt)
        if attempt.seconds or attempt.exchanges:  # not a copy of the raw archive
            visit.record(attempt, Entry(url, PLACE))
        if answer is None:
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


def _parse_answer(attempt: Attempt) -> tuple[Answer | None, Attempt]:
    if attempt.outcome is not Outcome.LISTED:
        detail = EXCLUDED if is_excluded(attempt) else attempt.detail
        return None, replace(attempt, detail=detail)
    try:
        found = read_answer(attempt.payload)
    except Failure as failure:
        return None, replace(attempt, outcome=failure.outcome, detail=failure.detail)
    if broken := found.passed.get("unreadable_row"):
        attempt = replace(attempt, detail=f"{broken} rows could not be read")
    return found, attempt
