"""The exchanges of one call of the client: a request and its response for each hop and try."""

import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from requests import PreparedRequest, Response

from tasks.collect.fetch.request import prepare_request, url_for_message
from tasks.collect.fetch.transport import GuardedSession, Transfer
from tasks.http.response import Content, body_pieces, is_success, read_content
from tasks.model import Attempt, CaptureKind, Exchange, Failure, Outcome

MAX_ERROR_PAGE_BYTES = 256 * 1024  # of a body that comes with a redirect or an error

Record = Callable[[Attempt], object]


@dataclass(slots=True)
class Exchanges:
    """One call of `get` in progress."""

    kind: CaptureKind
    url_requested: str
    headers: dict[str, str]
    record: Record
    min_interval: float
    allow_private: bool
    max_bytes: int
    max_redirects: int
    max_tries: int
    max_seconds: float
    deadline: float
    started_at: datetime
    # The fields below start empty, also in a copy made by `replace`.
    url: str = field(init=False, default="")  # of the current hop
    # Spent on the network, over all hops and tries; pauses are not counted.
    seconds: float = field(init=False, default=0.0)
    got_bytes: bool = field(init=False, default=False)  # whether the last exchange brought any
    seen: set[str] = field(init=False, default_factory=set)
    done: list[Exchange] = field(init=False, default_factory=list)

    def enter(self, target: str) -> PreparedRequest:
        """Go to the next hop; raises a Failure for an invalid URL and for one redirect too many."""
        try:
            request = prepare_request(target, self.headers)
        except Failure as failure:
            hop = f"redirect to {url_for_message(target)}: " if self.seen else ""
            raise Failure(failure.outcome, hop + failure.detail) from None
        url = str(request.url)
        if url in self.seen:
            raise Failure(Outcome.TOO_MANY_REDIRECTS, f"redirect loop at {url_for_message(url)}")
        if len(self.seen) > self.max_redirects:
            raise Failure(Outcome.TOO_MANY_REDIRECTS, f"more than {self.max_redirects} redirects")
        self.seen.add(url)
        self.url = url
        return request

    def send(self, request: PreparedRequest, transfer: Transfer, tls: ssl.SSLContext) -> Content:
        """Send a request, read the response as far as needed, and add both to `done`."""
        started = time.monotonic()
        try:
            with GuardedSession(transfer, tls) as session, session.send(request) as response:
                content = self._read_response(response, transfer)
                return replace(content, status=response.status_code, headers=response.headers)
        except Failure as failure:
            return Content(failure.outcome, failure.detail)
        finally:
            self.seconds += time.monotonic() - started
            self.got_bytes = transfer.received.tell() > 0
            if exchange := transfer.exchange(self.url):
                self.done.append(exchange)

    def _read_response(self, response: Response, transfer: Transfer) -> Content:
        conditional = bool(self.headers.keys() & {"If-None-Match", "If-Modified-Since"})
        content = read_content(response.raw, self.max_bytes, self.kind, is_conditional=conditional)
        if not is_success(response.status_code):
            # Read for the record only: its failures do not count.
            with suppress(Failure):
                size = 0
                for piece in body_pieces(response.raw):
                    size += len(piece)
                    if size > MAX_ERROR_PAGE_BYTES:
                        transfer.head_only = True
                        break
        elif content.outcome in (Outcome.NOT_A_PAGE, Outcome.TOO_LARGE):
            transfer.head_only = True
        return content

    def attempt(self, outcome: Outcome, detail: str) -> Attempt:
        """How the call ended."""
        return Attempt(
            kind=self.kind,
            url_requested=self.url_requested,
            url_final=self.url,
            outcome=outcome,
            attempted_at=self.started_at,
            seconds=self.seconds,
            detail=f"{url_for_message(self.url)}: {detail}" if detail else "",
            exchanges=tuple(self.done),
        )
