"""Fetching a URL as a good guest: robots, pauses, limits, and every byte kept as it came."""

import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from requests import PreparedRequest
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from tasks.collect.fetch.crawl_delay import MOST_PATIENCE, Gate, Gates, backoff, retry_after
from tasks.collect.fetch.exchanges import Record, Trip, attempt_of, entered, noted
from tasks.collect.fetch.request import Accept, headers, host_key, joined, origin
from tasks.collect.fetch.response import Answer, read_answer
from tasks.collect.fetch.robots import MOST_BYTES, MOST_REDIRECTS, Robots
from tasks.collect.fetch.ssrf_guard import Resolve, system_resolve
from tasks.collect.fetch.transport import Transfer, send
from tasks.model import Attempt, CaptureKind, Failure, Outcome
from tasks.settings import Limits

Clock = Callable[[], datetime]

_TRIED_ONCE_MORE = frozenset(
    {
        Outcome.DNS_FAILED,
        Outcome.CONNECT_FAILED,
        Outcome.TIMED_OUT,
        Outcome.BROKEN_RESPONSE,
    }
)


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
        max_tries: int = 0,
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
            max_tries: Of each request, the first included; 0 takes the limit of the settings.
        """
        trip = Trip(
            kind=kind,
            url_requested=url,
            headers=headers(self._user_agent, accept, etag, last_modified),
            record=record,
            min_interval=min_interval,
            allow_private=allow_private,
            max_bytes=self._limits.max_bytes,
            max_redirects=self._limits.max_redirects,
            max_tries=max_tries or self._limits.max_tries,
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

    def _attempt(self, trip: Trip) -> Attempt:
        trip.url = trip.url_requested
        try:
            answer = self._follow(trip)
        except Failure as failure:
            return attempt_of(trip, failure.outcome, failure.detail)
        return replace(
            attempt_of(trip, answer.outcome, answer.detail),
            status=answer.status,
            content_type=" ".join(answer.headers.get("Content-Type", "").split())[:200],
            etag=answer.headers.get("ETag"),
            last_modified=answer.headers.get("Last-Modified"),
            payload=answer.body,
        )

    def _follow(self, trip: Trip) -> Answer:
        target = trip.url_requested
        while True:
            request = entered(trip, target)
            answer = self._answer(trip, request, self._pause(trip))
            if not answer.location:
                return answer
            target = joined(trip.url, answer.location)

    def _pause(self, trip: Trip) -> float:
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

    def _robots_trip(self, trip: Trip, url: str) -> Trip:
        return Trip(
            kind=CaptureKind.ROBOTS,
            url_requested=url,
            headers=headers(self._user_agent, "robots"),
            record=trip.record,
            min_interval=trip.min_interval,
            allow_private=trip.allow_private,
            max_bytes=MOST_BYTES,
            max_redirects=MOST_REDIRECTS,
            max_tries=trip.max_tries,
            started_at=self._clock(),
        )

    def _answer(self, trip: Trip, request: PreparedRequest, pause: float) -> Answer:
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
                if not answer.again or tries >= trip.max_tries:
                    return answer

    def _worth_another(self, trip: Trip, failure: Failure, tries: int) -> bool:
        """What failed before anything came back is tried once more, if there is time left.

        A listing or a robots.txt also when it broke off: all of a source hangs on it.
        """
        if failure.outcome not in _TRIED_ONCE_MORE or (trip.began and trip.is_page):
            return False
        return self._has_another(trip, tries)

    def _has_another(self, trip: Trip, tries: int) -> bool:
        return tries < min(2, trip.max_tries) and trip.seconds < self._limits.max_seconds

    def _ask(self, trip: Trip, request: PreparedRequest, gate: Gate, tries: int) -> Answer:
        try:
            answer = self._exchange(trip, request)
        except Failure as failure:
            if failure.outcome in _TRIED_ONCE_MORE:
                gate.hold(backoff(tries, self._backoff_seconds), failure.outcome)
            raise
        if answer.outcome in (Outcome.RATE_LIMITED, Outcome.SERVER_ERROR):
            return self._held(answer, gate, tries)
        if answer.outcome is Outcome.BROKEN_RESPONSE and not trip.is_page:
            gate.hold(backoff(tries, self._backoff_seconds), answer.outcome)
            return replace(answer, again=self._has_another(trip, tries))
        return answer

    def _held(self, answer: Answer, gate: Gate, tries: int) -> Answer:
        asked = retry_after(answer.headers.get("Retry-After"))
        wait = backoff(tries, self._backoff_seconds) if asked is None else asked
        gate.hold(wait, answer.outcome)
        if asked is None:
            return replace(answer, again=True)
        detail = f"{answer.detail}, Retry-After asks for {asked:.0f} s"
        return replace(answer, detail=detail, again=asked <= MOST_PATIENCE)

    def _exchange(self, trip: Trip, request: PreparedRequest) -> Answer:
        transfer = Transfer(
            deadline=time.monotonic() + self._limits.max_seconds - trip.seconds,
            connect_seconds=self._limits.connect_seconds,
            max_bytes=trip.max_bytes,
            allow_private=trip.allow_private,
            resolve=self._resolve,
        )
        conditional = bool(trip.headers.keys() & {"If-None-Match", "If-Modified-Since"})
        with noted(trip, transfer), send(request, transfer, self._tls) as response:
            return read_answer(response, transfer, trip.kind, conditional)
