"""The client: robots.txt, crawl delay, redirects, retries and limits for each URL."""

import math
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from requests import PreparedRequest
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from tasks.collect.fetch.crawl_delay import MAX_WAIT_SECONDS, Hosts, backoff, retry_after
from tasks.collect.fetch.exchanges import Exchanges, Record
from tasks.collect.fetch.request import host_key, origin, request_headers, resolve_location
from tasks.collect.fetch.robots import MAX_BYTES, MAX_REDIRECTS, Policy, Robots
from tasks.collect.fetch.ssrf_guard import Resolve, system_resolve
from tasks.collect.fetch.transport import Transfer
from tasks.http.response import REDIRECTS, Content
from tasks.model import Attempt, CaptureKind, Failure, Outcome
from tasks.settings import Limits

Clock = Callable[[], datetime]

BUSY = frozenset({Outcome.RATE_LIMITED, Outcome.SERVER_ERROR})
FAILED = frozenset(
    {Outcome.DNS_FAILED, Outcome.CONNECT_FAILED, Outcome.TIMED_OUT, Outcome.BROKEN_RESPONSE}
)


class Client:
    """Fetches URLs for one run; shared by all threads.

    `limits.max_seconds` covers all hops and tries of one `get`, without the pauses. `resolve` is
    called once per connection, which is made to one of the addresses it returns. The pause after
    the first failed try is at most `backoff_seconds`.
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
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._limits = limits
        self._user_agent = user_agent
        self._resolve = resolve
        self._backoff_seconds = backoff_seconds
        self._clock = clock
        self._tls = ssl.create_default_context(cafile=ca_bundle or DEFAULT_CA_BUNDLE_PATH)
        self._tls.set_alpn_protocols(["http/1.1"])
        self._hosts = Hosts()
        self._robots = Robots(cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wake the threads that wait for a host; their `get` raises RuntimeError."""
        self._hosts.closing.set()

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
        max_tries: int = 0,
        max_seconds: float = math.inf,
        deadline: float = math.inf,
    ) -> Attempt:
        """Fetch a URL, any string, following redirects; a failure is the attempt's outcome.

        All kinds but ROBOTS obey robots.txt. `record` is called with the attempt at the host's
        robots.txt, if there was one, and with the attempt that is returned. `min_interval` is the
        pause between requests to a host, in seconds; `etag` and `last_modified` are the cached
        copy's. Each request is tried at most `max_tries` times; 0 takes the limit of the settings.
        `max_seconds` may lower the limit of the settings, except for robots.txt. A request that is
        not complete by `deadline` (monotonic clock), or would have to wait longer, ends as
        LEFT_FOR_LATER.
        """
        call = Exchanges(
            kind=kind,
            url_requested=url,
            headers=request_headers(self._user_agent, kind, etag, last_modified),
            record=record,
            min_interval=min_interval,
            allow_private=allow_private,
            max_bytes=self._limits.max_bytes,
            max_redirects=self._limits.max_redirects,
            max_tries=max_tries or self._limits.max_tries,
            max_seconds=min(max_seconds, self._limits.max_seconds),
            deadline=deadline,
            started_at=self._clock(),
        )
        attempt = self._attempt(call)
        if attempt.outcome is Outcome.NOT_MODIFIED:
            attempt = replace(
                attempt,
                etag=attempt.etag or etag,
                last_modified=attempt.last_modified or last_modified,
            )
        record(attempt)
        return attempt

    def sitemaps(
        self,
        site: str,
        *,
        record: Record,
        min_interval: float = 2.0,
        allow_private: bool = False,
        deadline: float = math.inf,
    ) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of an origin names; none where it cannot be read."""
        call = Exchanges(
            kind=CaptureKind.LISTING,
            url_requested=site,
            headers={},
            record=record,
            min_interval=min_interval,
            allow_private=allow_private,
            max_bytes=self._limits.max_bytes,
            max_redirects=self._limits.max_redirects,
            max_tries=self._limits.max_tries,
            max_seconds=self._limits.max_seconds,
            deadline=deadline,
            started_at=self._clock(),
        )
        call.url = site
        try:
            return self._policy(call).sitemaps
        except Failure:
            return ()

    def _attempt(self, call: Exchanges) -> Attempt:
        call.url = call.url_requested
        target: str | None = call.url_requested
        try:
            while target is not None:
                request = call.enter(target)
                pause = call.min_interval
                if call.kind is not CaptureKind.ROBOTS:
                    policy = self._policy(call)
                    if not policy.allows(call.url):
                        site = origin(call.url)
                        raise Failure(Outcome.ROBOTS_DENIED, f"disallowed by robots.txt of {site}")
                    pause = max(pause, policy.delay)
                content = self._send(call, request, pause)
                place = content.headers.get("Location") if content.status in REDIRECTS else None
                target = resolve_location(call.url, place) if place else None
        except Failure as failure:
            return call.attempt(failure.outcome, failure.detail)
        return replace(
            call.attempt(content.outcome, content.detail),
            status=content.status or None,
            content_type=" ".join(content.headers.get("Content-Type", "").split())[:200],
            etag=content.headers.get("ETag"),
            last_modified=content.headers.get("Last-Modified"),
            payload=content.body,
        )

    def _policy(self, call: Exchanges) -> Policy:
        """The robots.txt policy of the host in the call's URL."""

        def fetch_robots(url: str) -> Attempt:
            robots = replace(
                call,
                kind=CaptureKind.ROBOTS,
                url_requested=url,
                headers=request_headers(self._user_agent, CaptureKind.ROBOTS),
                max_bytes=MAX_BYTES,
                max_redirects=MAX_REDIRECTS,
                max_seconds=self._limits.max_seconds,
                started_at=self._clock(),
            )
            attempt = self._attempt(robots)
            call.record(attempt)
            return attempt

        return self._robots.policy(
            origin(call.url), call.allow_private, fetch_robots, call.deadline
        )

    def _send(self, call: Exchanges, request: PreparedRequest, pause: float) -> Content:
        """Send a request, retrying where that may help; the host's hold is the pause between."""
        host = self._hosts.get(host_key(call.url))
        tries = 0
        while True:
            tries += 1
            with host.turn(pause, call.deadline):
                seconds_left = call.max_seconds - call.seconds
                transfer = Transfer(
                    deadline=min(time.monotonic() + seconds_left, call.deadline),
                    connect_seconds=self._limits.connect_seconds,
                    max_bytes=call.max_bytes,
                    allow_private=call.allow_private,
                    resolve=self._resolve,
                )
                content = call.send(request, transfer, self._tls)
                outcome = content.outcome
                if outcome in FAILED and time.monotonic() >= call.deadline:
                    raise Failure(Outcome.LEFT_FOR_LATER, "cut off")
                asked = retry_after(content.headers.get("Retry-After"))
                if outcome in BUSY and asked is not None:
                    host.hold(asked, outcome)
                elif outcome in BUSY or outcome in FAILED:
                    host.hold(backoff(tries, self._backoff_seconds), outcome)
            if outcome in BUSY and asked is not None:
                detail = f"{content.detail}, Retry-After asks for {asked:.0f} s"
                content = replace(content, detail=detail)
            if not self._may_retry(call, outcome, asked, tries):
                return content

    def _may_retry(
        self, call: Exchanges, outcome: Outcome, asked: float | None, tries: int
    ) -> bool:
        if outcome in BUSY:
            return (asked or 0.0) <= MAX_WAIT_SECONDS and tries < call.max_tries
        # A request that failed before any response is tried once more; one for a listing or a
        # robots.txt also when the response broke off, since the whole source depends on it.
        is_final = outcome not in FAILED or (call.got_bytes and call.kind is CaptureKind.PAGE)
        is_in_time = call.seconds < call.max_seconds
        return not is_final and is_in_time and tries < min(2, call.max_tries)
