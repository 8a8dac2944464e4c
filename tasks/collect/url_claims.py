"""The URLs that a run has claimed, over all its sources."""

from threading import Lock


class UrlClaims:
    """URLs claimed in this run, so that two sources never fetch the same page."""

    def __init__(self) -> None:
        self._claimed: set[str] = set()
        self._lock = Lock()

    def claim(self, key: str) -> bool:
        """Claim a folded URL; False when it is claimed already."""
        with self._lock:
            first = key not in self._claimed
            self._claimed.add(key)
            return first
