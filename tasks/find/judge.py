"""Judges whether a fetched listing is of the site's articles, and current."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tasks.collect.listings import Listing
from tasks.find.feed_places import is_of_comments
from tasks.model import Entry
from tasks.text.dates import parse_moment
from tasks.text.urls import fold_url, same_site

STALE_AFTER = timedelta(days=90)
FEEDS = frozenset({"feed", "jsonfeed"})  # kinds of listings
# A tenth of the entries of a feed may be missing from one that is read a minute earlier.
_MIN_COVERED_SHARE = 0.9

_ENCLOSURE = re.compile(
    rb"""<enclosure\b[^<>]{0,2000}?\btype\s*=\s*["']?(?:audio|video)/"""
    rb"""|"mime_type"\s*:\s*"(?:audio|video)/""",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(
    rb"""<(?:\w+:)?language\b[^>]{0,200}>\s*(?:<!\[CDATA\[)?\s*([A-Za-z]{2,3}(?:[-_][A-Za-z]{2,8})?)
    |<(?:feed|rss|rdf:RDF)\b[^<>]{0,2000}?\bxml:lang\s*=\s*["']([A-Za-z]{2,3}(?:-[A-Za-z]{2,8})?)
    |"language"\s*:\s*"([A-Za-z]{2,3}(?:-[A-Za-z]{2,8})?)\"""",
    re.VERBOSE,
)
_HEAD_BYTES = 65_536
_OF_COMMENTS = re.compile(
    r"(?:comments?|kommentare|commentaires|comentarios) (?:on|for|zu|sur|en)\b", re.I
)


class ListingVerdict(StrEnum):
    """What a listing turned out to be; what could not be fetched or read has its outcome."""

    TAKEN = "taken"
    COVERED = "covered"  # its entries are in another one that is taken
    EMPTY = "empty"
    COMMENTS = "comments"
    PODCAST = "podcast"
    STALE = "stale"
    OTHER_SITE = "other_site"
    UNDATED = "undated"  # a sitemap that dates at most half of its pages
    SITEMAP_INDEX = "sitemap_index"  # its sitemaps are tried
    WEB_PAGE = "web_page"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Trial:
    """One place that was tried, and its outcome."""

    url: str
    found_by: str
    outcome: str  # a ListingVerdict, or the Outcome of a request or of parsing
    detail: str = ""
    kind: str = ""  # feed, jsonfeed, sitemap, sitemap_index or section; empty where none was read
    title: str = ""
    language: str = ""  # as the listing names it
    entries: tuple[Entry, ...] = field(default=(), repr=False)

    @property
    def is_taken(self) -> bool:
        """Whether it becomes a listing of the source."""
        return self.outcome == ListingVerdict.TAKEN

    @property
    def dates(self) -> list[datetime]:
        """The known publication times of its entries, in order."""
        moments = (_published(entry) for entry in self.entries)
        return sorted(moment for moment in moments if moment)


def judge_listing(
    listing: Listing, payload: bytes, url: str, site: str, now: datetime
) -> tuple[str, str]:
    """The verdict on a listing at `url`, and why, for people.

    `site` is a URL of the site whose articles it should list.
    """
    entries = listing.entries
    if listing.kind == "sitemap_index":
        return ListingVerdict.SITEMAP_INDEX, f"{len(listing.children)} sitemaps"
    if not entries:
        return ListingVerdict.EMPTY, "no entries"
    half = len(entries) / 2
    is_titled_comments = _OF_COMMENTS.match(listing.title or "")
    of_comments = sum("#comment" in entry.url.lower() for entry in entries)
    if of_comments > half or is_of_comments(url) or is_titled_comments:
        return ListingVerdict.COMMENTS, "readers' comments, not articles"
    if len(_ENCLOSURE.findall(payload)) > half:
        return ListingVerdict.PODCAST, "most entries are audio or video files"
    elsewhere = [entry for entry in entries if not same_site(entry.url, site)]
    if len(elsewhere) > half:
        return (
            ListingVerdict.OTHER_SITE,
            f"{len(elsewhere)} of {len(entries)} entries lead to other sites",
        )
    # A date in the future, such as of an event, does not show that the listing is current.
    tomorrow = now + timedelta(days=1)
    known = (_published(entry) for entry in entries)
    moments = sorted(moment for moment in known if moment and moment < tomorrow)
    if listing.kind == "sitemap" and len(moments) <= half:
        return (
            ListingVerdict.UNDATED,
            f"a sitemap with publication dates for {len(moments)} of {len(entries)} entries",
        )
    if moments and moments[-1] < now - STALE_AFTER:
        return ListingVerdict.STALE, f"the newest entry is of {moments[-1]:%Y-%m-%d}"
    return ListingVerdict.TAKEN, f"{len(entries)} entries, {len(moments) or 'none'} dated"


def language_named(payload: bytes) -> str:
    """The language that a feed names, such as `de-AT`; empty where it names none."""
    found = _LANGUAGE.search(payload[:_HEAD_BYTES])
    return next(filter(None, found.groups()), b"").decode() if found else ""


def redundant_listings(trials: Sequence[Trial]) -> dict[str, str]:
    """The taken listings whose entries another one has: its URL, by theirs.

    A source needs the fewest listings that name all of its articles. Feeds are not compared with
    sitemaps: a feed costs less, a news sitemap names what a feed of the top stories leaves out.
    """
    largest_first = sorted(
        (trial for trial in trials if trial.is_taken), key=lambda trial: -len(trial.entries)
    )
    kept: list[tuple[Trial, set[str]]] = []
    covered: dict[str, str] = {}
    for trial in largest_first:
        keys = {fold_url(entry.url) for entry in trial.entries}
        is_feed = trial.kind in FEEDS
        others = [(one.url, theirs) for one, theirs in kept if (one.kind in FEEDS) == is_feed]
        enough = _MIN_COVERED_SHARE * len(keys)
        by = next((url for url, theirs in others if len(keys & theirs) >= enough), None)
        if by:
            covered[trial.url] = by
        else:
            kept.append((trial, keys))
    return covered


def _published(entry: Entry) -> datetime | None:
    """When an entry was published; a printed time without a zone is read as UTC's."""
    if entry.published_at:
        return entry.published_at
    moment = parse_moment(entry.published_raw) if entry.published_raw else None
    return moment.at if moment else None
