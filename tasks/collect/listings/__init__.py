"""Discovery: the entries of feeds, sitemaps and section pages, and saved files."""

from tasks.collect.listings.feeds_and_sitemaps import (
    Listing,
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
    has_new_file,
    read_file,
)
from tasks.collect.listings.section_links import read_section
from tasks.model import Failure, Outcome
from tasks.text.root_element import FEEDS, SITEMAPS, root_element

__all__ = ["Listing", "find_files", "has_new_file", "read_file", "read_listing"]


def read_listing(
    payload: bytes,
    content_type: str,
    url: str,
    *,
    max_entries: int,
    max_bytes: int = 50_000_000,
    may_be_section: bool = True,
) -> Listing:
    """Read a listing of any kind: feed, JSON Feed, sitemap, sitemap index, section page.

    The root element of the payload counts, not the content type. A `.gz` sitemap is
    passed compressed; `max_bytes` limits its size when decompressed. `url` is the base of relative
    links. Without `may_be_section` an HTML page is an error. Raises a Failure.
    """
    if payload.startswith(GZIP_MAGIC):
        payload = gunzipped(payload, max_bytes)
    root = root_element(payload)
    if root == "{":
        return read_json_feed(payload, url, max_entries=max_entries)
    if root == "html" or (root not in FEEDS | SITEMAPS and "html" in content_type.lower()):
        if not may_be_section:
            raise unreadable("a web page instead of a feed or sitemap")
        return read_section(payload, content_type, url, max_entries=max_entries)
    if declares_entities(payload):
        raise Failure(Outcome.ENTITIES_REFUSED, "the XML declares entities")
    if root in SITEMAPS:
        return read_sitemap(payload, url, max_entries=max_entries)
    return read_feed(payload, content_type, url, max_entries=max_entries)
