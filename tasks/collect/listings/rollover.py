"""Tells whether a listing rolled over: whether all that it named has been replaced since."""

from tasks.collect.listings.feeds_and_sitemaps import Listing
from tasks.text.urls import fold

# With fewer entries a listing says nothing: one that names the latest story alone rolls over
# every time.
FEWEST = 5


def may_have_rolled_over(listing: Listing, copy: bytes) -> bool:
    """Whether none of the entries is in the archived copy, word for word.

    Their URLs may be written differently there: only parsing it tells. It saves that for nearly
    every listing, since the first entries are usually in both.
    """
    entries = listing.entries
    return len(entries) >= FEWEST and not any(entry.url.encode() in copy for entry in entries)


def rolled_over(listing: Listing, before: Listing | None) -> str:
    """The detail of a read that shares no entry with the one before it; else empty.

    What was named in between was never seen. Readers of `captures` know it by its first words.
    """
    if before is None or min(len(listing.entries), len(before.entries)) < FEWEST:
        return ""
    if {fold(entry.url) for entry in listing.entries} & {
        fold(entry.url) for entry in before.entries
    }:
        return ""
    return f"rolled over: none of its {len(listing.entries)} entries was there at the last read"
