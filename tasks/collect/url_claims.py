"""Which pages a run has taken, over all its sources."""

from threading import Lock


class Claims:
    """URLs taken in this run, so that two sources never fetch the same page."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._lock = Lock()

    def take(self, key: str) -> bool:
        """Whether the caller is the first to ask for `key`."""
        with self._lock:
            first = key not in self._taken
            self._taken.add(key)
            return first
