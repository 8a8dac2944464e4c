"""Discovery: the entries of feeds, sitemaps and section pages, and saved files."""

import re

from tasks.collect.listings.feeds_and_sitemaps import (
    Listing,
    NoListing,
    declares_entities,
    read_feed,
    read_json_feed,
    read_sitemap,
    unreadable,
)
from tasks.collect.listings.saved_files import (
    GZIP_MAGIC,
    find_files,
    gunzipped,
    last_change,
    read_file,
)
from tasks.collect.listings.section_links import read_section
from tasks.model import Outcome

__all__ = ["Listing", "NoListing", "find_files", "last_change", "read_file", "read_listing"]

_FEEDS = frozenset({"rss", "feed", "rdf", "channel"})
_SITEMAPS = frozenset({"urlset", "sitemapindex"})
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_PROLOG = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!.*?(?:>|\Z)", re.DOTALL)
_HTML = re.compile(r"<!doctype\s+html", re.IGNORECASE)
_BYTE_ORDER_MARKS = "\u00ef\u00bb\u00bf\u00ff\u00fe"
_PROLOG_BYTES = 65536


def read_listing(
    payload: bytes,
    content_type: str,
    url: str,
    *,
    max_entries: int,
    max_bytes: int = 50_000_000,
    may_be_section: bool = True,
) -> Listing | NoListing:
    """Read a listing of any kind: feed, JSON Feed, sitemap, sitemap index, section page.

    The root element of the payload counts, not the content type. A `.gz` sitemap is still
    compressed, `max_bytes` are of it decompressed. `url` is the base of relative links. With
    `may_be_section` an HTML page is a listing, else an error.
    """
    if payload.startswith(GZIP_MAGIC):
        unpacked = gunzipped(payload, max_bytes)
        if isinstance(unpacked, NoListing):
            return unpacked
        payload = unpacked
    root = _root(payload)
    if root == "{":
        return read_json_feed(payload, url, max_entries=max_entries)
    if root == "html" or (root not in _FEEDS | _SITEMAPS and "html" in content_type.lower()):
        if not may_be_section:
            return unreadable("a web page instead of a feed or sitemap")
        return read_section(payload, content_type, url, max_entries=max_entries)
    if declares_entities(payload):
        return NoListing(Outcome.ENTITIES_REFUSED, "the XML declares entities")
    if root in _SITEMAPS:
        return read_sitemap(payload, url, max_entries=max_entries)
    return read_feed(payload, content_type, url, max_entries=max_entries)


def _root(payload: bytes) -> str:
    """The root element's name without its prefix, `{` for JSON, empty for anything else."""
    text = payload[:_PROLOG_BYTES].replace(b"\0", b"").decode("latin-1")
    text = text.lstrip(_BYTE_ORDER_MARKS + " \t\r\n")
    if text.startswith("{"):
        return "{"
    if _HTML.match(text):
        return "html"
    found = _ROOT.search(_PROLOG.sub("", text))
    return found[1].lower() if found else ""
