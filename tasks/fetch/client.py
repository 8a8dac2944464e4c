"""Fetching a URL as a good guest: robots, pauses, limits, and every byte kept as it came."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from requests import PreparedRequest
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from tasks.fetch.answer import Answer, read_answer
from tasks.fetch.guard import Resolve, system_resolve
from tasks.fetch.pacing import MOST_PATIENCE, Gate, Gates, backoff, retry_after
from tasks.fetch.request import Accept, headers, host_key, joined, origin, prepared, shown
from tasks.fetch.robots import MOST_BYTES, MOST_REDIRECTS, Robots
from tasks.fetch.wire import Transfer, send
from tasks.model import Attempt, CaptureKind, Exchange, Failure, Outcome
from tasks.settings import Limits

Record = Callable[[Attempt], None]
Clock = Callable[[], datetime]

_TRIED_ONCE_MORE = frozenset({Outcome.CONNECT_FAILED, Outcome.TIMED_OUT, Outcome.BROKEN_RESPONSE})


@dataclass(slots=True)
class _Trip:
    """One call of `get` under way."""

    kind: CaptureKind
    url_requested: str
    headers: dict[str, str]
    record: Record
    min_interval: float
    allow_private: bool
    max_bytes: int
    max_redirects: int
    url: str = ""
    """Of the present hop."""
    seconds: float = 0.0
    """Spent on the network, over all hops and tries; waiting for a turn is not counted."""
    began: bool = False
    """Whether anything came back of the last exchange."""
    seen: set[str] = field(default_factory=set)
    exchanges: list[Exchange] = field(default_factory=list)
    started_at: datetime = field(kw_only=True)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Client:
    """Fetches URLs for one run; one for all threads.

    Args:
        limits: `max_seconds` is for all hops and tries of one `get`, without the pauses.
        user_agent: Sent with every request.
        cache: Folder in which robots.txt files are kept for a day.
        ca_bundle: File of certificate authorities.
        resolve: Asked once a connection; the connection goes to what it answers.
        backoff_seconds: Upper bound of the pause after a first failed try.
        clock: Says when an attempt was made.
    """

    def __init__(
        self,
        limits: Limits,
        user_agent: str,
        cache: Path,
        *,
        ca_bundle: str | None = None,
        resolve: Resolve = system_resolve,
        backoff_seconds: float = 1.0,
        clock: Clock = _utc_now,
    ) -> None:
        self._limits = limits
        self._user_agent = user_agent
        self._resolve = resolve
        self._backoff_seconds = backoff_seconds
        self._clock = clock
        self._tls = ssl.create_default_context(cafile=ca_bundle or DEFAULT_CA_BUNDLE_PATH)
        self._gates = Gates()
        self._robots = Robots(cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wake the threads that wait for a turn; their `get` raises RuntimeError."""
        self._gates.closing.set()

    def get(
        self,
        url: str,
        *,
        kind: CaptureKind,
        record: Record,
        min_interval: float = 2.0,
        allow_private: bool = False,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: Accept = "html",
    ) -> Attempt:
        """Ask for a URL, following redirects.

        Whatever the URL or the server does ends in the attempt's outcome.

        Args:
            url: Any string.
            kind: LISTING, PAGE or ROBOTS; robots.txt is kept for all but the last.
            record: Called with the attempt at the host's robots.txt, when one was made, and with
                the attempt that is returned.
            min_interval: Seconds of pause after the last request to the same host.
            allow_private: Allow hosts with loopback and private addresses.
            etag: Validator of the copy at hand, for NOT_MODIFIED.
            last_modified: The same, as the server printed it.
            accept: What is hoped for.
        """
        trip = _Trip(
            kind=kind,
            url_requested=url,
            headers=headers(self._user_agent, accept, etag, last_modified),
            record=record,
            min_interval=min_interval,
            allow_private=allow_private,
            max_bytes=self._limits.max_bytes,
            max_redirects=self._limits.max_redirects,
            started_at=self._clock(),
        )
        attempt = self._attempt(trip)
        if attempt.outcome is Outcome.NOT_MODIFIED:
            attempt = replace(
                attempt,
                etag=attempt.etag or etag,
                last_modified=attempt.last_modified or last_modified,
            )
        record(attempt)
        return attempt

    def _attempt(self, trip: _Trip) -> Attempt:
        trip.url = trip.url_requested
        try:
            answer = self._follow(trip)
        except Failure as failure:
            return _attempt_of(trip, failure.outcome, failure.detail)
        return replace(
            _attempt_of(trip, answer.outcome, answer.detail),
            status=answer.status,
            content_type=" ".join(answer.headers.get("Content-Type", "").split())[:200],
            etag=answer.headers.get("ETag"),
            last_modified=answer.headers.get("Last-Modified"),
            payload=answer.body,
        )

    def _follow(self, trip: _Trip) -> Answer:
        target = trip.url_requested
        while True:
            request = _entered(trip, target)
            answer = self._answer(trip, request, self._pause(trip))
            if not answer.location:
                return answer
            target = joined(trip.url, answer.location)

    def _pause(self, trip: _Trip) -> float:
        """Seconds the host wants between requests, once its robots.txt allows the URL."""
        if trip.kind is CaptureKind.ROBOTS:
            return trip.min_interval

        def ask(url: str) -> Attempt:
            attempt = self._attempt(self._robots_trip(trip, url))
            trip.record(attempt)
            return attempt

        site = origin(trip.url)
        policy = self._robots.policy(site, trip.allow_private, ask)
        if not policy.allows(trip.url):
            raise Failure(Outcome.ROBOTS_DENIED, f"robots.txt of {site} forbids it")
        return max(trip.min_interval, policy.delay)

    def _robots_trip(self, trip: _Trip, url: str) -> _Trip:
        return _Trip(
            kind=CaptureKind.ROBOTS,
            url_requested=url,
            headers=headers(self._user_agent, "robots"),
            record=trip.record,
            min_interval=trip.min_interval,
            allow_private=trip.allow_private,
            max_bytes=MOST_BYTES,
            max_redirects=MOST_REDIRECTS,
            started_at=self._clock(),
        )

    def _answer(self, trip: _Trip, request: PreparedRequest, pause: float) -> Answer:
        """Ask until there is an answer to live with; a hold of the gate is the pause between."""
        gate = self._gates.of(host_key(trip.url))
        tries = 0
        while True:
            tries += 1
            try:
                with gate.turn(pause):
                    answer = self._ask(trip, request, gate, tries)
            except Failure as failure:
                if not self._worth_another(trip, failure, tries):
                    raise
            else:
                if not answer.again or tries >= self._limits.max_tries:
                    return answer

    def _worth_another(self, trip: _Trip, failure: Failure, tries: int) -> bool:
        """What failed before anything came back is tried once more, if there is time left."""
        if failure.outcome not in _TRIED_ONCE_MORE or trip.began:
            return False
        return tries < min(2, self._limits.max_tries) and trip.seconds < self._limits.max_seconds

    def _ask(self, trip: _Trip, request: PreparedRequest, gate: Gate, tries: int) -> Answer:
        try:
            answer = self._exchange(trip, request)
        except Failure as failure:
            if failure.outcome in _TRIED_ONCE_MORE:
                gate.hold(backoff(tries, self._backoff_seconds), failure.outcome)
            raise
        if answer.outcome in (Outcome.RATE_LIMITED, Outcome.SERVER_ERROR):
            return self._held(answer, gate, tries)
        return answer

    def _held(self, answer: Answer, gate: Gate, tries: int) -> Answer:
        asked = retry_after(answer.headers.get("Retry-After"))
        wait = backoff(tries, self._backoff_seconds) if asked is None else asked
        gate.hold(wait, answer.outcome)
        if asked is None:
            return replace(answer, again=True)
        detail = f"{answer.detail}, Retry-After asks for {asked:.0f} s"
        return replace(answer, detail=detail, again=asked <= MOST_PATIENCE)

    def _exchange(self, trip: _Trip, request: PreparedRequest) -> Answer:
        transfer = Transfer(
            deadline=time.monotonic() + self._limits.max_seconds - trip.seconds,
            connect_seconds=self._limits.connect_seconds,
            max_bytes=trip.max_bytes,
            allow_private=trip.allow_private,
            resolve=self._resolve,
        )
        conditional = bool(trip.headers.keys() & {"If-None-Match", "If-Modified-Since"})
        with _noted(trip, transfer), send(request, transfer, self._tls) as response:
            return read_answer(response, transfer, trip.kind, conditional)


def _entered(trip: _Trip, target: str) -> PreparedRequest:
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
def _noted(trip: _Trip, transfer: Transfer) -> Iterator[None]:
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


def _attempt_of(trip: _Trip, outcome: Outcome, detail: str) -> Attempt:
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
