"""Pages that a source's own sitemaps of the past name, by month or day."""

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from tasks.collect.fetch.request import origin
from tasks.collect.listings.feeds_and_sitemaps import declares_entities, in_zone, sitemap_pages
from tasks.collect.listings.saved_files import GZIP_MAGIC, gunzipped
from tasks.collect.listings.section_links import is_no_article
from tasks.history.periods import DAY, Period, named_day, named_period, windows
from tasks.history.visit import Visit
from tasks.model import Entry, Failure, Outcome, Provenance
from tasks.progress import advance
from tasks.text.urls import fold_url, is_http, same_site
from warehouse.read.history_state import site_of
from warehouse.read.known_urls import known_urls, unplaced_pages

PLACE = "sitemaps"
USUAL_PLACES = ("/sitemap_index.xml", "/sitemap.xml")  # without one in robots.txt
MAX_SITEMAPS = 500  # read for one source in a run
MAX_BYTES = 50_000_000  # of a sitemap, decompressed, as the protocol has it
# Outcomes after which a page is not asked for again.
ANSWERED = frozenset({Outcome.FETCHED, Outcome.NOT_FOUND, Outcome.NOT_A_PAGE})


@dataclass(slots=True)
class Sitemap:
    """A sitemap that was read, without its index."""

    period: Period | None  # that its address names
    wanted: list[Entry] = field(default_factory=list)
    # Whether it names pages of days outside `period`: then it proves no period complete.
    is_mixed: bool = False


def fill(visit: Visit) -> None:
    """Fetch the pages of days to be filled; record the periods whose pages were all requested."""
    if not visit.wanted_days:
        return
    unread = set[Period]()
    sitemaps = list(_sitemaps(visit, unread))
    asked, planned = dict[str, str](), set[str]()
    for sitemap in sitemaps:
        _fetch(visit, sitemap, asked, planned)
    by_period: dict[Period, list[Sitemap]] = defaultdict(list)
    for sitemap in sitemaps:
        if sitemap.period:
            by_period[sitemap.period].append(sitemap)
    for period, parts in by_period.items():
        whole = period.within(visit.job.period)
        is_read = period not in unread and not any(part.is_mixed for part in parts)
        pages = {fold_url(entry.url) for part in parts for entry in part.wanted}
        if whole and pages and is_read and period.last < visit.job.today and pages <= asked.keys():
            visit.record_whole({asked[key] for key in pages}, whole, len(pages))


def _sitemaps(visit: Visit, unread: set[Period]) -> Iterator[Sitemap]:
    """The sitemaps that may name pages of days to be filled; periods of others go to `unread`."""
    # They are where the source's entry says, its robots.txt, or in the usual places.
    source = visit.source
    sites = dict.fromkeys([site_of(visit.job.layout, source.id), *map(origin, source.listings)])
    waiting = deque(source.sitemaps)
    for site in filter(None, sites):
        named = [url for url in visit.sitemaps_of(site) if is_http(url)]
        waiting += named or [site + path for path in USUAL_PLACES if not source.sitemaps]
    waiting = deque(dict.fromkeys(waiting))
    seen = set(waiting)
    for _ in range(MAX_SITEMAPS):
        if not waiting:
            return
        url = waiting.popleft()
        period = named_period(url)
        found = _read_sitemap(visit, url, period.last if period else date.max)
        if found is None:
            if period:
                unread.add(period)
            continue
        is_index, pages = found
        if is_index:
            # The newest first, as with other indexes: they fill recent gaps.
            ordered = sorted(pages, key=lambda page: page[0], reverse=True)
            children = [entry.url for at, entry in ordered if _may_have(visit, entry.url, at)]
            waiting.extend(child for child in dict.fromkeys(children) if child not in seen)
            seen.update(children)
        else:
            yield _sitemap(visit, url, period, pages)
    unread.update(filter(None, map(named_period, waiting)))


def _read_sitemap(
    visit: Visit, url: str, last_day: date
) -> tuple[bool, list[tuple[float, Entry]]] | None:
    """What a sitemap names; None where it was not read. The attempt is recorded."""
    attempt, found = visit.read_index(url, last_day, Provenance.SOURCE_ARCHIVE), None
    if attempt and attempt.outcome is Outcome.LISTED:
        payload = attempt.payload
        try:
            if payload.startswith(GZIP_MAGIC):
                payload = gunzipped(payload, MAX_BYTES)
            if declares_entities(payload):
                raise Failure(Outcome.ENTITIES_REFUSED, "the XML declares entities")
            is_index, pages = sitemap_pages(payload, attempt.url_final)
            found = is_index, [(at, in_zone(entry, visit.source.timezone)) for at, entry in pages]
        except Failure as failure:
            attempt = replace(attempt, outcome=failure.outcome, detail=failure.detail)
    if attempt and (attempt.exchanges or attempt.seconds):
        visit.record(attempt, Entry(url, PLACE))
    return found


def _may_have(visit: Visit, url: str, changed: float) -> bool:
    """Whether a sitemap of an index may name pages of days to be filled."""
    days = visit.wanted_days
    if period := named_period(url):
        return any(period.within(window) for window in windows(days))
    # A sitemap last changed before the first day names no page of later days.
    return math.isinf(changed) or datetime.fromtimestamp(changed, UTC).date() >= days[0]


def _sitemap(
    visit: Visit, url: str, period: Period | None, pages: list[tuple[float, Entry]]
) -> Sitemap:
    sitemap, passed = Sitemap(period), visit.tally.passed
    wanted = set(visit.wanted_days)
    for changed, entry in pages:
        own = entry.published_at.date() if entry.published_at else named_day(entry.url)
        if own and period and not (period.first - DAY <= own <= period.last + DAY):
            sitemap.is_mixed = True
        if is_no_article(entry.url) or not same_site(entry.url, url):
            passed["no_article_url"] += 1
            continue
        if own:
            days = [own - DAY, own, own + DAY]
        elif period:
            days = period.days
        elif math.isinf(changed):
            passed["undated"] += 1
            continue
        else:
            # Without any other date, a page counts as of the day on which it changed last.
            days = [datetime.fromtimestamp(changed, UTC).date()]
        if wanted.isdisjoint(days):
            passed["other_day"] += 1
        else:
            sitemap.wanted.append(entry)
    return sitemap


def _fetch(visit: Visit, sitemap: Sitemap, asked: dict[str, str], planned: set[str]) -> None:
    """Fetch the pages of a sitemap that no other one named and that are not known.

    Adds folded URLs to `planned`, and those with an answer, new or earlier, to `asked`, each with
    the address of the first sitemap that named it, which its capture has.
    """
    tally, period = visit.tally, sitemap.period
    month = (PLACE, f"{period.first:%Y-%m}" if period else "undated")
    fresh = {fold_url(entry.url): entry for entry in sitemap.wanted}
    sources = known_urls(visit.job.layout, fresh) if fresh else {}
    known = sources.keys()
    # No day is whole without articles stored under another source, or lost pages that may be its.
    unplaced = unplaced_pages(visit.job.layout, visit.source.id, known)
    for key in known - unplaced:
        if not sources[key] or visit.source.id in sources[key]:
            asked.setdefault(key, fresh[key].found_in)
    tally.known[month] += sum(1 for key in known - planned if sources[key])
    fresh = {key: entry for key, entry in fresh.items() if key not in planned | known}
    planned |= known | fresh.keys()
    tally.wanted[month] += len(fresh)
    if visit.job.dry_run:
        visit.done |= fresh.keys()
        return
    for number, (key, entry) in enumerate(fresh.items(), 1):
        if visit.is_over:
            visit.note_end()
            return
        advance(f"{visit.source.id}: pages of old sitemaps", number, len(fresh))
        attempt = visit.fetch(entry.url, Provenance.SOURCE_ARCHIVE)
        visit.record(attempt, entry)
        if attempt.outcome in ANSWERED:
            asked[key] = entry.found_in
        if attempt.outcome is Outcome.FETCHED:
            visit.done.add(key)
