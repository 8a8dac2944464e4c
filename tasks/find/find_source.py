"""Finds a source by its domain: searches the site, then proposes an entry for sources.toml."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.collect.fetch.client import Client
from tasks.find.judge import Trial
from tasks.find.proposal import Proposal, proposal
from tasks.find.search_site import Search, SiteSearchResult
from tasks.process_pool import page_pool
from tasks.settings import Settings
from tasks.sources.add_sources import as_toml


def find(
    asked: str,
    settings: Settings,
    *,
    feeds: Iterable[str] = (),
    tell: Callable[[Trial], None] = lambda trial: None,
    pause: float = 2.0,
    allow_private: bool = False,
    given: Mapping[str, str] | None = None,
) -> tuple[SiteSearchResult, Proposal]:
    """What the site of a domain or URL has, and the entry for it; nothing is stored.

    `feeds` are tried first, `tell` is called with each place that was tried, `pause` are seconds
    between two requests to a host, `given` are values of the entry that a person knows better.
    """
    with (
        TemporaryDirectory() as cache,
        Client(settings.limits, settings.user_agent, Path(cache)) as client,
        page_pool(settings) as pool,
    ):
        search = Search(client, settings.limits, pool, allow_private, pause, tell=tell)
        found = search.run(asked, feeds)
    return found, proposal(found, given or {}, allow_private=allow_private)


def as_entry(proposed: Proposal) -> str:
    """The entry in TOML, with the evidence of each value beside it."""
    shown = ("id", "name", "language", "timezone", "expected_daily")
    comments = {key: proposed.values[key].why for key in shown if proposed.values[key].why}
    return as_toml(proposed.entry, comments)
