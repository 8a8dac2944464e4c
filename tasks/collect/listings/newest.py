"""Cuts a listing that is too long to its newest entries, if they have dates."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlsplit

from tasks.collect.fetch.request import url_for_message
from tasks.model import Entry
from tasks.text.counted import counted
from tasks.text.dates import EARLIEST_YEAR
from tasks.text.printed_times import as_printed, instant_in
from tasks.text.urls import fold_url

Dated = tuple[float, Entry]
"""A stated time (POSIX seconds, else -inf), and the entry or sitemap of an index that states it."""

_DAY = 24 * 3600
MORE_ENTRIES = "PRESSWATCH_LIMITS__MAX_ENTRIES takes more"


@dataclass(frozen=True, slots=True)
class Newest:
    """What was taken of a listing, and what was left out."""

    taken: Sequence[Dated]
    omitted: Sequence[Dated] = ()  # the newest first
    left_out: str = ""  # what was omitted, in words
    # None of what was left out is newer (POSIX seconds); inf where some states no time.
    left_out_until: float = -math.inf

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries taken."""
        return tuple(entry for _, entry in self.taken)


def newest(
    found: Iterable[Dated],
    most: int,
    *,
    what: str = "entries",
    date: str = "date",
    remedy: str = MORE_ENTRIES,
) -> Newest:
    """At most `most` entries in their order, each folded URL once.

    Entries without a time are taken last, the first of them first.
    """
    unique: dict[str, Dated] = {}
    unread: dict[str, str] = {}  # addresses that may be other pages', with those read instead
    for at, entry in found:
        _, read = unique.setdefault(fold_url(entry.url), (at, entry))
        if _may_be_another(entry, read):
            unread[entry.url] = read.url
    dated = list(unique.values())
    if len(dated) <= most:
        return Newest(dated, left_out=_in_words(unread))
    # A plain sitemap may start with the first article that a source ever published.
    places = sorted(range(len(dated)), key=lambda place: dated[place][0], reverse=True)
    undated = sum(at == -math.inf for at, _ in dated)
    which = "first" if 2 * undated > len(dated) else "newest"
    why = f": {undated} state no {date}" if undated else ""
    cut = f"of {len(dated)} {what} the {which} {most} are read{why}; {remedy}"
    omitted = [dated[place] for place in places[most:]]
    return Newest(
        taken=[dated[place] for place in sorted(places[:most])],
        omitted=omitted,
        left_out="; ".join(filter(None, (cut, _in_words(unread)))),
        left_out_until=max(_latest_time(at) for at, _ in omitted),
    )


def _may_be_another(entry: Entry, read: Entry) -> bool:
    """Whether an entry may be of another page than the one with the same folded URL."""
    return (
        None not in (entry.headline, read.headline)
        and entry.headline != read.headline
        and _unfolded(entry.url) != _unfolded(read.url)
    )


def _unfolded(url: str) -> tuple[str, str]:
    """What selects a page on some sites and is no part of a folded URL."""
    split = urlsplit(url)
    # `#!/news/1` may be a page; `#post-1` is a place in one.
    return split.query, split.fragment if split.fragment.startswith(("!", "/")) else ""


def _in_words(unread: Mapping[str, str]) -> str:
    if not unread:
        return ""
    url, read = map(url_for_message, next(iter(unread.items())))
    return (
        f"not read: {counted(len(unread), 'entry', 'entries')} with other headlines, such as {url},"
        f" which counts as {read}: parameters that track readers on most sites, and what follows a"
        " #, are ignored"
    )


def stated_timestamp(printed: str | None) -> float:
    """A printed time in POSIX seconds, read as UTC if it names no zone; -inf if there is none."""
    at = as_printed(printed or "") or instant_in(printed or "", "UTC")
    if at is None or at.year < EARLIEST_YEAR:
        return -math.inf
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _latest_time(at: float) -> float:
    """The latest time that a stated time may mean; inf if there is none."""
    # A midnight is a date alone, as `<lastmod>2026-03-02</lastmod>`: some time of that day.
    if at == -math.inf:
        return math.inf
    return at + _DAY if at % _DAY == 0 else at
