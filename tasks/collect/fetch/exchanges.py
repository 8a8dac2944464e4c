"""One call of the client under way, over all its hops and tries."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from requests import PreparedRequest

from tasks.collect.fetch.request import prepared, shown
from tasks.collect.fetch.transport import Transfer
from tasks.model import Attempt, CaptureKind, Exchange, Failure, Outcome

Record = Callable[[Attempt], None]


@dataclass(slots=True)
class Trip:
    """One call of `get` under way."""

    kind: CaptureKind
    url_requested: str
    headers: dict[str, str]
    record: Record
    min_interval: float
    allow_private: bool
    max_bytes: int
    max_redirects: int
    max_tries: int
    url: str = ""
    """Of the present hop."""
    seconds: float = 0.0
    """Spent on the network, over all hops and tries; waiting for a turn is not counted."""
    began: bool = False
    """Whether anything came back of the last exchange."""
    seen: set[str] = field(default_factory=set)
    exchanges: list[Exchange] = field(default_factory=list)
    started_at: datetime = field(kw_only=True)

    @property
    def is_page(self) -> bool:
        """Whether an article hangs on it, and not all articles of a source."""
        return self.kind is CaptureKind.PAGE


def entered(trip: Trip, target: str) -> PreparedRequest:
    """Go to the next hop, if it is one to go to."""
    try:
        request = prepared(target, trip.headers)
    except Failure as failure:
        came_here = f"redirect to {shown(target)}: " if trip.seen else ""
        raise Failure(failure.outcome, came_here + failure.detail) from None
    url = str(request.url)
    if url in trip.seen:
        raise Failure(Outcome.TOO_MANY_REDIRECTS, f"redirects go round to {shown(url)}")
    if len(trip.seen) > trip.max_redirects:
        raise Failure(Outcome.TOO_MANY_REDIRECTS, f"more than {trip.max_redirects} redirects")
    trip.seen.add(url)
    trip.url = url
    return request


@contextmanager
def noted(trip: Trip, transfer: Transfer) -> Iterator[None]:
    """Add to the trip what went over the wire and how long it took."""
    started = time.monotonic()
    try:
        yield
    finally:
        trip.seconds += time.monotonic() - started
        trip.began = transfer.received.tell() > 0
        exchange = transfer.exchange(trip.url)
        if exchange:
            trip.exchanges.append(exchange)


def attempt_of(trip: Trip, outcome: Outcome, detail: str) -> Attempt:
    """How the trip ended."""
    return Attempt(
        kind=trip.kind,
        url_requested=trip.url_requested,
        url_final=trip.url,
        outcome=outcome,
        attempted_at=trip.started_at,
        seconds=trip.seconds,
        detail=f"{shown(trip.url)}: {detail}" if detail else "",
        exchanges=tuple(trip.exchanges),
    )
