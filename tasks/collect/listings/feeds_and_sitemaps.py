"""Feeds and sitemaps, read into entries."""

import html
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser
from lxml import etree

from tasks.collect.listings.newest import Dated, newest, stated_timestamp
from tasks.model import Entry, Failure, Outcome
from tasks.text.dates import EARLIEST_YEAR
from tasks.text.printed_times import instant, instant_in
from tasks.text.urls import fold_url, is_http, without_trackers

MAX_CHILDREN = 10  # sitemaps followed from a sitemap index, the newest first
MAX_HEADLINE_CHARS = 1000
# Most tags of a feed: feedparser takes some 25 microseconds a tag, twice that for a malformed feed.
# A feed of ten thousand entries has about 100,000.
MAX_TAGS = 300_000

_ATOM, _XHTML = "application/atom+xml", "application/xhtml+xml"
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_NOT_TEXT = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff\u200b\ufeff\s]+")
# Atomic groups, so that "<??><??>..." does not backtrack exponentially.
_DOCTYPE = re.compile(
    rb"(?>[^<]*)(?>(?:<\?(?>.*?\?>)|<!--(?>.*?-->))(?>[^<]*))*<!DOCTYPE", re.DOTALL | re.IGNORECASE
)
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
# <title>R&D</title>, which feedparser reads as "R&D;"; <title>A&nbsp;B</title>.
_BARE_AMPERSAND = re.compile(
    rb"(<!\[CDATA\[(?>.*?(?:\]\]>|\Z)))|&(?!#\d+;|#[xX][0-9a-fA-F]+;|(?:amp|lt|gt|quot|apos);)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of a feed, a sitemap or a section page."""

    kind: str  # feed, jsonfeed, sitemap, sitemap_index or section
    entries: tuple[Entry, ...] = ()
    children: tuple[str, ...] = ()  # sitemaps of a sitemap index, the newest first
    title: str | None = None
    left_out: str = ""  # in words, what was not taken of a listing that is too long
    # Nothing left out is newer (POSIX seconds); inf if some states no time, -inf if nothing was.
    left_out_until: float = -math.inf
    left_child: str = ""  # the newest of the sitemaps of an index that were not taken
    changed: Mapping[str, float] = field(default_factory=dict)  # children's times, where stated

    def in_zone(self, timezone: str) -> "Listing":
        """The same, with times that are printed without a zone read in the source's IANA zone."""
        return replace(self, entries=tuple(in_zone(entry, timezone) for entry in self.entries))


def in_zone(entry: Entry, timezone: str) -> Entry:
    """The entry, with a time that is printed without a zone read in the source's IANA zone."""
    at = instant_in(entry.published_raw, timezone) if entry.published_raw else None
    return replace(entry, published_at=at) if at else entry


def read_feed(payload: bytes, content_type: str, url: str, *, max_entries: int) -> Listing:
    """Read RSS 0.9x, 1.0, 2.0 or Atom, also malformed."""
    if payload.count(b"<") > MAX_TAGS:
        raise unreadable(f"more than {MAX_TAGS} tags in a feed")
    try:
        feed = _parsed(payload, content_type, url)
        if isinstance(feed.get("bozo_exception"), SAXException) and b"\0" not in payload:
            feed = _parsed(_with_ampersands(payload), content_type, url)
    except Exception as error:  # feedparser lets through whatever a malformed feed raises in it
        raise unreadable(f"{type(error).__name__}: {error}") from None
    version = feed.get("version") or ""
    if not feed.entries and (feed.bozo or not version):
        raise unreadable(f"not a feed: {feed.get('bozo_exception', 'no entries')}")
    is_atom = version.startswith("atom")
    found = (
        entry_of(
            _address(item, url),
            url,
            headline=item.get("title"),
            published=item.get("published") or (None if is_atom else item.get("updated")),
        )
        for item in feed.entries
    )
    return listing_of("feed", dated(found), max_entries, feed.feed.get("title"))


def _address(item: Any, url: str) -> object:  # noqa: ANN401 - feedparser has no types
    """The page of an entry: its link, an id that is a URL, else a link to itself."""
    named = item.get("feedburner_origlink") or item.get("link") or _if_url(item.get("id"))
    if entry_of(named, url):
        return named
    # feedparser takes `rel="self"` without a type for Atom.
    links = (
        link.get("href")
        for link in item.get("links", ())
        if link.get("rel") == "self" and link.get("type") in (_ATOM, "text/html", _XHTML)
    )
    pages = (entry.url for entry in (entry_of(link, url) for link in links) if entry)
    return next((page for page in pages if fold_url(page) != fold_url(url)), named)


def _if_url(item_id: object) -> str | None:
    """The id of an entry where it is a URL by itself: `p-123` is no relative one."""
    return item_id if isinstance(item_id, str) and is_http(item_id) else None


def read_json_feed(payload: bytes, url: str, *, max_entries: int) -> Listing:
    """Read JSON Feed 1.0 or 1.1."""
    try:
        feed = json.loads(payload.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise unreadable(f"not JSON: {type(error).__name__}: {error}") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise unreadable("not a JSON Feed: no list of items")
    found = (
        entry_of(
            item.get("url") or item.get("external_url") or _if_url(item.get("id")),
            url,
            headline=item.get("title"),
            published=item.get("date_published"),
        )
        for item in items
        if isinstance(item, dict)
    )
    return listing_of("jsonfeed", dated(found), max_entries, feed.get("title"))


def read_sitemap(payload: bytes, url: str, *, max_entries: int) -> Listing:
    """Read a sitemap, a news sitemap or a sitemap index; of too many pages the newest are taken."""
    is_index, pages = sitemap_pages(payload, url)
    if not is_index:
        return listing_of("sitemap", pages, max_entries)
    remedy = "name what lists the newest articles in `sitemaps` of the source itself"
    cut = newest(pages, MAX_CHILDREN, what="sitemaps", date="lastmod", remedy=remedy)
    children = sorted(cut.taken, key=itemgetter(0), reverse=True)
    return Listing(
        "sitemap_index",
        children=tuple(entry.url for _, entry in children),
        left_out=cut.left_out,
        left_out_until=cut.left_out_until,
        left_child=cut.omitted[0][1].url if cut.omitted else "",
        changed={entry.url: at for at, entry in children if at > -math.inf},
    )


def listing_of(
    kind: str, found: Iterable[Dated], max_entries: int, title: object = None
) -> Listing:
    """A listing with the newest of the entries found."""
    of_sitemap = {"what": "pages", "date": "lastmod"} if kind == "sitemap" else {}
    cut = newest(found, max_entries, **of_sitemap)
    return Listing(
        kind,
        cut.entries,
        title=plain_text(title),
        left_out=cut.left_out,
        left_out_until=cut.left_out_until,
    )


def dated(found: Iterable[Entry | None]) -> Iterator[Dated]:
    """The entries, each after the time that it states."""
    return ((stated_timestamp(entry.published_raw), entry) for entry in found if entry)


def sitemap_pages(payload: bytes, url: str) -> tuple[bool, list[tuple[float, Entry]]]:
    """Whether a sitemap is an index, and all that it names, each after its stated time.

    That is when a page was published or last changed: POSIX seconds, -inf if neither is stated.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False
    )
    try:
        root = etree.fromstring(payload, parser)
        # Of an address with a bare ampersand lxml drops a part: `?a=1&id=2` becomes `?a=1=2`.
        if parser.error_log and b"\0" not in payload:
            root = etree.fromstring(_with_ampersands(payload), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise unreadable(f"not a sitemap: {error}") from None
    if root is None:
        raise unreadable("not a sitemap: no element in it")
    is_index = _local_name(root) == "sitemapindex"
    tag = "sitemap" if is_index else "url"
    pages = []
    for texts in (dict(_child_texts(element)) for element in root if _local_name(element) == tag):
        published = texts.get("publication_date")
        entry = entry_of(texts.get("loc"), url, headline=texts.get("title"), published=published)
        if entry:
            pages.append((stated_timestamp(published or texts.get("lastmod")), entry))
    return is_index, pages


def declares_entities(payload: bytes) -> bool:
    """Whether an XML document declares entities."""
    # It does with a DOCTYPE before the root element and `<!ENTITY` anywhere after it; an article
    # about XML, in a feed without a DOCTYPE, does not.
    text = payload.replace(b"\0", b"")  # UTF-16 and UTF-32
    found = _DOCTYPE.match(text)
    return found is not None and _ENTITY.search(text, found.end()) is not None


def entry_of(
    link: object,
    url: str,
    *,
    base: str | None = None,
    headline: object = None,
    published: object = None,
) -> Entry | None:
    """One page in the listing at `url`; None where the link is not http(s)."""
    try:
        target = urljoin(base or url, link.strip()) if isinstance(link, str) else ""
    except ValueError:
        return None
    if not is_http(target):
        return None
    raw = plain_text(published)
    at = instant(raw) if raw else None
    if at and at.year < EARLIEST_YEAR:
        at = None  # <pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate> where none was entered
    return Entry(without_trackers(target), url, plain_text(headline), raw, at)


def plain_text(value: object) -> str | None:
    """Text without markup, entities and line breaks; None where it is empty."""
    if not isinstance(value, str):
        return None
    text = html.unescape(_TAG.sub(" ", value[: 10 * MAX_HEADLINE_CHARS]))
    return _NOT_TEXT.sub(" ", text).strip()[:MAX_HEADLINE_CHARS] or None


def unreadable(detail: str) -> Failure:
    """The failure to read a payload that is not a listing."""
    return Failure(Outcome.LISTING_UNREADABLE, " ".join(detail.split())[:300])


def _parsed(payload: bytes, content_type: str, url: str) -> Any:  # noqa: ANN401 - it has no types
    return feedparser.parse(
        io.BytesIO(payload),  # feedparser tries bytes as a file name
        response_headers={"content-location": url, "content-type": content_type},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _with_ampersands(payload: bytes) -> bytes:
    """The XML with `&amp;` where an ampersand begins no reference."""
    return _BARE_AMPERSAND.sub(lambda found: found[1] or b"&amp;", payload)


def _child_texts(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Text of the element's children and, below `news`, of theirs."""
    for child in element:
        name = _local_name(child)
        if name == "news":
            yield from (
                (n, t) for n, t in _child_texts(child) if n in ("publication_date", "title")
            )
        elif name in ("loc", "lastmod", "publication_date", "title"):
            yield name, "".join(map(str, child.itertext())).strip()


def _local_name(element: etree._Element) -> str:
    tag = element.tag  # a function for comments and processing instructions
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
