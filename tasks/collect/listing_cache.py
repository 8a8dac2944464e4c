"""Caches parsed listings, so that a feed is not parsed again after a 304.

A lost entry is parsed again from the archive: the cache saves time and changes no result.
"""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from tasks.archive.read import read_payload
from tasks.collect.listings import Listing
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import download_archive

log = logging.getLogger(__name__)

# Raise it when some listing would now give other entries, then run
# `python -m tests.upgrade.fingerprints`. Each listing is then parsed again from its archived copy.
LISTING_VERSION = 7


@dataclass(frozen=True, slots=True)
class _Cached:
    made_of: str
    listing: Listing


@dataclass(frozen=True, slots=True)
class ListingCache:
    """The parsed listings of one source."""

    layout: Layout
    source_id: str
    settings: str  # the other settings that the entries depend on

    def get(self, url: str, raw_ref: str) -> Listing | None:
        """The listing parsed from this archived copy; None when it is not cached."""
        path = self._path(url)
        try:
            cached = decode(_Cached, path.read_bytes(), path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("a cached listing is made again: %s", error)
            return None
        return cached.listing if cached.made_of == self._made_of(raw_ref) else None

    def put(self, url: str, raw_ref: str, listing: Listing) -> None:
        """Cache a listing, replacing the URL's earlier one."""
        path = self._path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A fixed name is safe: the source's lock lets one run at a time write here.
        half = path.with_suffix(".half")
        half.write_bytes(encode(_Cached(self._made_of(raw_ref), listing), indent=None))
        half.rename(path)

    def _path(self, url: str) -> Path:
        name = hashlib.sha256(url.encode()).hexdigest()[:24]
        return self.layout.cache / "listings" / self.source_id / f"{name}.json"

    def _made_of(self, raw_ref: str) -> str:
        return f"{raw_ref} {LISTING_VERSION} {self.settings}"


def archived_copy(layout: Layout, raw_ref: str) -> bytes:
    """A listing's archived payload; empty when the archive is missing or damaged."""
    try:
        download_archive(layout, raw_ref.rpartition("#")[0])
        return read_payload(layout.raw, raw_ref)
    except (OSError, ValueError) as error:
        log.warning("cannot read the archived listing %s: %s", raw_ref, error)
        return b""
