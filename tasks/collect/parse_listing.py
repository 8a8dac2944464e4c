"""Parses a fetched listing, in a process with limits of time and memory."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pebble import ProcessExpired

from tasks.collect.listings import Listing, read_listing
from tasks.collect.listings.feeds_and_sitemaps import unreadable
from tasks.collect.listings.saved_files import GZIP_MAGIC
from tasks.model import Attempt, Extraction, Failure, Outcome
from tasks.process_pool import PagePool, run_or_reject
from tasks.settings import Limits

# Listings of at most this many bytes are parsed in this process: one that was all attributes of a
# single element took half a second. In a pool whose processes had yet to start, 200 feeds of a few
# hundred bytes took 51 s instead of 4.5 on a busy machine.
SMALL_BYTES = 64 * 1024


def parse_listing(
    attempt: Attempt,
    limits: Limits,
    pool: PagePool | None,
    deadline: float,
    *,
    may_be_section: bool,
) -> tuple[Listing | None, Attempt]:
    """The listing; None, and the attempt with its new outcome, when it is not one.

    Unless it is small, it is parsed in a process of the pool, within a tenth of the source's time
    and by `deadline` on the monotonic clock (LEFT_FOR_LATER). Without a pool there is no limit.
    """
    read = partial(
        read_listing,
        attempt.payload,
        attempt.content_type,
        attempt.url_final,
        max_entries=limits.max_entries,
        may_be_section=may_be_section,
    )
    is_small = len(attempt.payload) <= SMALL_BYTES and not attempt.payload.startswith(GZIP_MAGIC)
    # feedparser takes time that is quadratic in the attributes of one element: 92 s for 1 MB.
    seconds = limits.source_seconds / 10
    found: Listing | Failure | Extraction
    try:
        if is_small or not pool:
            found = _read_or_failure(read)
        else:
            found = pool.call(partial(run_or_reject, _read_or_failure, read), seconds, deadline)
        if isinstance(found, Listing):
            return found, attempt
        failed = found if isinstance(found, Failure) else unreadable(found.detail)
    except TimeoutError:
        failed = unreadable(f"parsing took longer than {seconds:g} s")
        if time.monotonic() >= deadline:
            failed = Failure(Outcome.LEFT_FOR_LATER, "not parsed")
    except ProcessExpired as end:
        failed = unreadable(f"the process that parsed it ended: {end}")
    return None, replace(attempt, outcome=failed.outcome, detail=failed.detail)


def _read_or_failure(read: Callable[[], Listing]) -> Listing | Failure:
    """The listing, or why it is none: in a pool, a Failure that is raised counts as a crash."""
    try:
        return read()
    except Failure as failure:
        return failure
