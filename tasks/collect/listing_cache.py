"""Listings as they were read, in a cache: after a 304 a feed need not be parsed once more.

A cached listing counts for the archived copy, the version and the limit that it was made from. It
is made again from the archive when it is gone: the cache saves time and decides nothing.
"""

import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tasks.archive import read_payload
from tasks.collect.listings import Listing
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import bring_archive

log = logging.getLogger(__name__)

LISTING_VERSION = 1
"""Version of what a listing gives: the entries of feeds, sitemaps and section pages.

Raise it when some listing would now give other entries, then run
`python -m tests.upgrade.fingerprints`. Each listing is then
parsed once more from its archived copy.
"""


@dataclass(frozen=True, slots=True)
class _Cached:
    made_of: str
    listing: Listing


@dataclass(frozen=True, slots=True)
class Remembered:
    """The listings of one source."""

    layout: Layout
    source_id: str
    settings: str
    """What else they depend on."""

    def recall(self, url: str, raw_ref: str) -> Listing | None:
        """A listing as it was read from its archived copy; None when that is not known."""
        path = self._path(url)
        with suppress(OSError, ValueError):
            cached = decode(_Cached, path.read_bytes(), path)
            if cached.made_of == self._made_of(raw_ref):
                return cached.listing
        return None

    def keep(self, url: str, raw_ref: str, listing: Listing) -> None:
        """Keep a listing, in place of what was kept of that URL."""
        path = self._path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")  # of its source's run, and there is one at a time
        half.write_bytes(encode(_Cached(self._made_of(raw_ref), listing), indent=None))
        half.rename(path)

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode()).hexdigest()[:24]
        return self.layout.cache / "listings" / self.source_id / f"{name}.json"

    def _made_of(self, raw_ref: str) -> str:
        return f"{raw_ref} {LISTING_VERSION} {self.settings}"


def archived_copy(layout: Layout, raw_ref: str) -> bytes:
    """A listing as it was fetched; nothing where the archive is gone or damaged."""
    try:
        bring_archive(layout, raw_ref.rpartition("#")[0])
        return read_payload(layout.raw, raw_ref)
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read again: %s", raw_ref, error)
        return b""
