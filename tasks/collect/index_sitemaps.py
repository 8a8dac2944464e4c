"""The sitemaps that a source's indexes name: which of them a run reads, and which it does not."""

import heapq
import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from tasks.collect.listings import Listing

# Sitemaps read for one source in a run besides its own listings; an index may name many.
MAX_SITEMAPS = 25
NAME_THEM = "name those of the newest articles in `sitemaps` of the source itself"


class IndexSitemaps:
    """The sitemaps of all indexes that a run reads of a source."""

    def __init__(self, own: Iterable[str]) -> None:
        """`own` are the source's own listings, which are read anyway."""
        self._seen = set(own)
        self._waiting: list[tuple[float, int, str]] = []  # a heap, the newest first
        self._beyond: dict[str, str] = {}  # one sitemap beyond each index's limit, and why
        self._taken = 0

    def add(self, index: Listing, last_read_at: datetime) -> None:
        """Add the sitemaps that a listing names, if it is an index."""
        for place, url in enumerate(index.children):
            if url not in self._seen:
                # Those without a date come last, by their place: indexes share what is left.
                changed = index.changed.get(url, -math.inf)
                heapq.heappush(self._waiting, (-changed, place, url))
        self._seen.update(index.children)
        # A sitemap that has not changed since the index was last read names nothing new.
        if index.left_child and index.left_out_until >= last_read_at.timestamp():
            self._beyond[index.left_child] = index.left_out

    @property
    def is_done(self) -> bool:
        """Whether no more are read in this run."""
        return not self._waiting or self._taken == MAX_SITEMAPS

    def take(self) -> str:
        """The newest of all that have not been read."""
        self._taken += 1
        return heapq.heappop(self._waiting)[2]

    def unread(self) -> Iterator[tuple[str, str]]:
        """Sitemaps not read, with the reason; one stands for all that an index leaves out."""
        most = f"more than {MAX_SITEMAPS} sitemaps of its indexes"
        for _, _, url in sorted(self._waiting):
            yield url, f"{most}; {NAME_THEM}"
        yield from ((url, why) for url, why in self._beyond.items() if url not in self._seen)
