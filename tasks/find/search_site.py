"""Searches a site for feeds and news sitemaps: one request at a time, a bounded number."""

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from tasks.collect.fetch.client import Client
from tasks.collect.fetch.request import origin, url_for_message
from tasks.collect.listings import Listing
from tasks.collect.missed_entries import USUAL_PLACES, is_news
from tasks.collect.parse_listing import parse_listing
from tasks.find.feed_places import (
    USUAL,
    USUAL_FEEDS,
    Place,
    feeds_of_page,
    is_of_comments,
    sections_of_page,
    start_urls,
    subdomains,
)
from tasks.find.judge import (
    FEEDS,
    ListingVerdict,
    Trial,
    judge_listing,
    language_named,
    redundant_listings,
)
from tasks.model import Attempt, CaptureKind, Entry, Outcome
from tasks.process_pool import PagePool
from tasks.settings import Limits
from tasks.text.charsets import decode
from tasks.text.html_tree import parse_html
from tasks.text.urls import fold_url, is_http

MAX_REQUESTS = 40  # after which no other place is tried
MAX_SECONDS = 300.0
MAX_SECTIONS = 6  # section pages; where feeds were found before, half as many
MAX_SITEMAPS = 4  # that robots.txt names
MAX_CHILDREN = 3  # of one sitemap index
MIN_LINKS = 5  # articles that a home page links to, for it to be a listing
# No server answered; with another scheme or `www.` one may.
_NOBODY = frozenset(
    {
        *(Outcome.DNS_FAILED, Outcome.CONNECT_FAILED, Outcome.TLS_FAILED),
        *(Outcome.BROKEN_RESPONSE, Outcome.ROBOTS_UNREACHABLE),
    }
)
_REFUSED = frozenset({Outcome.ADDRESS_REFUSED, Outcome.URL_INVALID, Outcome.SCHEME_REFUSED})


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site that was read."""

    url: str
    tree: LexborHTMLParser = field(repr=False)
    entries: tuple[Entry, ...] = ()  # articles that it links to


@dataclass(frozen=True, slots=True)
class SiteSearchResult:
    """What a search found: the site's home page, and each place that was tried."""

    asked: str
    home: str  # the home page's URL, after redirects
    home_outcome: str
    home_detail: str
    page: Page | None  # the home page; None where it could not be read
    trials: tuple[Trial, ...]
    requests: int
    seconds: float

    @property
    def taken(self) -> tuple[Trial, ...]:
        """The listings that a source of this site should have."""
        return tuple(trial for trial in self.trials if trial.is_taken)


@dataclass
class Search:
    """One search of one site."""

    client: Client
    limits: Limits
    pool: PagePool | None = None  # parses listings; None parses them here, without limits
    allow_private: bool = False
    pause: float = 2.0
    max_requests: int = MAX_REQUESTS
    max_seconds: float = MAX_SECONDS
    tell: Callable[[Trial], None] = lambda trial: None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    trials: dict[str, Trial] = field(default_factory=dict)  # by folded URL, in order
    requests: int = 0
    _deadline: float = math.inf
    _site: str = ""  # a URL of the site: its home page, after redirects

    def run(self, asked: str, feeds: Iterable[str] = ()) -> SiteSearchResult:
        """Search the site of a domain or URL; `feeds` are tried first."""
        began = time.monotonic()
        self._deadline = began + self.max_seconds
        attempt = self._fetch_home(asked)
        self._site = attempt.url_final or attempt.url_requested
        listing, attempt = self._parse_listing(attempt)
        page = _page(listing, attempt)
        if attempt.outcome not in _REFUSED | _NOBODY:
            for url in feeds:
                self._try_place(Place(url, "given"))
            if listing and not page:
                # A feed may be on another host than the site that most of its entries lead to.
                sites = Counter(origin(entry.url) + "/" for entry in listing.entries)
                if sites:
                    self._site = sites.most_common(1)[0][0]
                self._judge(Place(attempt.url_final, "the address itself"), listing, attempt)
            self._try_candidates(page)
        for url, by in redundant_listings(list(self.trials.values())).items():
            covered = self.trials[fold_url(url)]
            detail = f"its entries are in {by}"
            self._add_trial(replace(covered, outcome=ListingVerdict.COVERED, detail=detail))
        seconds = time.monotonic() - began
        detail = attempt.detail if not page else ""
        about = (asked, self._site, attempt.outcome.value, detail, page)
        return SiteSearchResult(*about, tuple(self.trials.values()), self.requests, seconds)

    def _try_candidates(self, page: Page | None) -> None:
        """Try what is likely first, and guess only where nothing was found."""
        for place in feeds_of_page(page.tree, page.url) if page else ():
            self._try_place(place)
        for place in self._sitemaps():
            self._try_place(place)
        site = origin(self._site)
        self._try_for_feed(Place(site + path, USUAL) for path in USUAL_FEEDS)
        if page:
            most = MAX_SECTIONS // 2 if self._has_feed() else MAX_SECTIONS
            for section in islice(sections_of_page(page.tree, page.url), most):
                if self.requests < self.max_requests:
                    self._try_place(section)
        self._try_for_feed(subdomains(self._site))
        if page and not any(trial.is_taken for trial in self.trials.values()):
            about = f"no feed and no news sitemap; it links to {len(page.entries)} articles"
            is_listing = len(page.entries) >= MIN_LINKS
            outcome = ListingVerdict.TAKEN if is_listing else ListingVerdict.WEB_PAGE
            trial = _trial(Place(page.url, "the home page"), outcome, about)
            self._add_trial(replace(trial, kind="section", entries=page.entries))

    def _fetch_home(self, asked: str) -> Attempt:
        attempts = []
        for url in start_urls(asked):
            attempts.append(self._fetch(url, is_home=True))
            if attempts[-1].outcome not in _NOBODY:
                return attempts[-1]
        return attempts[0]

    def _sitemaps(self) -> list[Place]:
        """The sitemaps that robots.txt names, those of news first; the usual ones where none is."""
        named = self.client.sitemaps(
            origin(self._site),
            record=self._count_requests,
            min_interval=self.pause,
            allow_private=self.allow_private,
            deadline=self._deadline,
        )
        wanted = sorted(filter(is_http, dict.fromkeys(named)), key=lambda url: not _says_news(url))
        places = [Place(url, "named by robots.txt") for url in wanted[:MAX_SITEMAPS]]
        if not any(_says_news(place.url) for place in places) and not self._has_feed():
            paths = (*USUAL_PLACES[:3], "/sitemap.xml")
            places += [Place(origin(self._site) + path, USUAL) for path in paths]
        return places

    def _try_for_feed(self, places: Iterable[Place]) -> None:
        """Try places in turn until the site has a feed."""
        for place in places:
            if self._has_feed():
                return
            self._try_place(place)

    def _try_place(self, place: Place, depth: int = 0) -> None:
        """Fetch and judge a place, and what it leads to; each only once."""
        if fold_url(place.url) in self.trials:
            return
        if is_of_comments(place.url):
            self._add_trial(
                _trial(place, ListingVerdict.COMMENTS, "not asked: its URL says comments")
            )
        elif self.requests >= self.max_requests:
            self._add_trial(
                _trial(place, ListingVerdict.NOT_TRIED, f"after {self.requests} requests")
            )
        else:
            attempt = self._fetch(place.url)
            listing, parsed = self._parse_listing(attempt)
            if listing:
                self._judge(place, listing, parsed, depth)
            elif attempt.outcome is Outcome.LEFT_FOR_LATER:
                why = f"after {self.max_seconds:g} seconds"
                self._add_trial(_trial(place, ListingVerdict.NOT_TRIED, why))
            else:
                self._add_trial(_trial(place, parsed.outcome, parsed.detail))

    def _parse_listing(self, attempt: Attempt) -> tuple[Listing | None, Attempt]:
        """The listing or page that an attempt brought; None, and why not, for anything else."""
        if attempt.outcome is not Outcome.LISTED:
            return None, attempt
        about = (self.limits, self.pool, self._deadline)
        return parse_listing(attempt, *about, may_be_section=True)

    def _judge(self, place: Place, listing: Listing, attempt: Attempt, depth: int = 0) -> None:
        page = _page(listing, attempt)
        if page:
            self._add_trial(_trial(place, ListingVerdict.WEB_PAGE, "HTML, no feed"))
            # A page of feeds. Its links are followed no further.
            if depth == 0:
                for linked in feeds_of_page(page.tree, page.url):
                    self._try_place(linked, depth + 1)
            return
        about = (attempt.payload, attempt.url_final, self._site, self.now)
        trial = replace(
            _trial(place, *judge_listing(listing, *about)),
            kind=listing.kind,
            title=listing.title or "",
            language=language_named(attempt.payload),
            entries=listing.entries,
        )
        self._add_trial(trial)
        if depth <= 1:  # an index within an index is followed, a third level is not
            # Only the sitemaps of news, where there are any.
            children = list(filter(is_news, listing.children)) or list(listing.children)
            for child in children[:MAX_CHILDREN]:
                self._try_place(Place(child, f"in {place.url}"), depth + 1)

    def _has_feed(self) -> bool:
        return any(trial.is_taken and trial.kind in FEEDS for trial in self.trials.values())

    def _add_trial(self, trial: Trial) -> None:
        self.trials[fold_url(trial.url)] = trial
        self.tell(trial)

    def _fetch(self, url: str, *, is_home: bool = False) -> Attempt:
        return self.client.get(
            url,
            kind=CaptureKind.LISTING,
            record=self._count_requests,
            min_interval=self.pause,
            allow_private=self.allow_private,
            max_tries=2 if is_home else 1,
            max_seconds=self.max_seconds / 10,
            deadline=self._deadline,
        )

    def _count_requests(self, attempt: Attempt) -> None:
        self.requests += len(attempt.exchanges)


def _page(listing: Listing | None, attempt: Attempt) -> Page | None:
    """The page that was read; None where it is a feed, a sitemap or nothing."""
    if listing is None or listing.kind != "section":
        return None
    text = decode(attempt.payload, attempt.content_type) or ""
    return Page(attempt.url_final, parse_html(text), listing.entries)


def _says_news(url: str) -> bool:
    """Whether a sitemap that robots.txt names is one of news, or a feed."""
    return is_news(url) or bool(re.search(r"rss|feed|atom", urlsplit(url).path, re.I))


def _trial(place: Place, outcome: str, detail: str) -> Trial:
    return Trial(place.url, place.found_by, str(outcome), url_for_message(detail))
