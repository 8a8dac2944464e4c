"""Searches for the feeds of a site, begun by a person, in the background, one at a time."""

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from tasks.find.find_source import as_entry, find
from tasks.find.judge import Trial
from tasks.find.proposal import Proposal
from tasks.find.search_site import SiteSearchResult
from tasks.settings import Settings

log = logging.getLogger(__name__)

MAX_KEPT = 10
FIRST_WAIT_SECONDS = 0.3  # seconds that a request waits for a search, which may end at once


@dataclass
class FeedSearch:
    """One search: what it has tried, and what it found."""

    domain: str
    trials: list[Trial] = field(default_factory=list)
    found: SiteSearchResult | None = None
    proposed: Proposal | None = None
    problem: str = ""
    ended: Event = field(default_factory=Event)

    @property
    def entry(self) -> str:
        """The lines for sources.toml; empty where no listing was found."""
        return as_entry(self.proposed) if self.proposed and self.found and self.found.taken else ""

    def run(self, settings: Settings, place: Lock) -> None:
        """Search, when no other search is under way."""
        try:
            with place:
                self.found, self.proposed = find(self.domain, settings, tell=self.trials.append)
        except Exception as error:
            # A thread has no caller: the page shows the problem.
            log.exception("a search for feeds failed")
            self.problem = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        finally:
            self.ended.set()


class FeedSearches:
    """The last searches, by domain; a search begins only when a person asks for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._place, self._lock = Lock(), Lock()
        self._kept: OrderedDict[str, FeedSearch] = OrderedDict()

    def begin(self, domain: str) -> None:
        """Begin a search, unless one of that domain is under way."""
        with self._lock:
            search = self._kept.get(domain)
            if search and not search.ended.is_set():
                return
            search = FeedSearch(domain)
            self.keep(search)
            arguments = (self._settings, self._place)
            Thread(target=search.run, args=arguments, daemon=True, name="find").start()

    def keep(self, search: FeedSearch) -> None:
        """Keep a search, in place of an earlier one of its domain."""
        self._kept.pop(search.domain, None)
        self._kept[search.domain] = search
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)

    def get(self, domain: str) -> FeedSearch | None:
        """The search of a domain, if there was one."""
        search = self._kept.get(domain)
        if search:
            search.ended.wait(FIRST_WAIT_SECONDS)
        return search
