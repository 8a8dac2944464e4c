"""The exchanges of one call of the client: a request and its response for each hop and try."""

import re
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from requests import PreparedRequest, Request, Response
from requests.exceptions import RequestException
from requests.structures import CaseInsensitiveDict

from tasks.collect.fetch.transport import GuardedSession, Transfer
from tasks.http.response import ACCEPTED, REDIRECTS, Content, body_pieces, is_success, read_content
from tasks.model import Attempt, CaptureKind, Exchange, Failure, Outcome

MAX_ERROR_PAGE = 256 * 1024  # bytes read of a body that only comes with a redirect or an error
# Characters of a URL as it is sent. Web servers refuse longer ones, most from 8 kB on.
MAX_URL = 8_000

_ACCEPT = {
    CaptureKind.PAGE: "text/html,application/xhtml+xml,text/plain;q=0.8,*/*;q=0.1",
    CaptureKind.LISTING: "application/rss+xml,application/atom+xml,application/feed+json,"
    "application/xml;q=0.9,text/xml;q=0.9,application/json;q=0.8,text/html;q=0.7,*/*;q=0.1",
    CaptureKind.INDEX: "application/json,application/xml;q=0.9,text/xml;q=0.9,*/*;q=0.1",
    CaptureKind.ROBOTS: "text/plain,*/*;q=0.5",
}
_LANGUAGES = "en;q=0.7,*;q=0.5"
_PORTS = {"http": 80, "https": 443}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_USER_INFO = re.compile(r"(?<=//)[^/?#]*@")
_VALIDATOR = re.compile(r"[\x21-\x7e\xa0-\xff]([\x20-\x7e\xa0-\xff]{0,1000}[\x21-\x7e\xa0-\xff])?")

Record = Callable[[Attempt], None]


@dataclass(frozen=True, slots=True)
class FetchedResponse:
    """A response, read as far as it was wanted."""

    content: Content
    status: int = 0  # 0 where network or server failed before the status line
    headers: "CaseInsensitiveDict[str]" = field(default_factory=CaseInsensitiveDict)

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return self.headers.get("Location") if self.status in REDIRECTS else None


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
    # What follows begins anew in a copy, too.
    url: str = field(init=False, default="")  # of the current hop
    # Spent on the network, over all hops and tries; pauses are not counted.
    seconds: float = field(init=False, default=0.0)
    got_bytes: bool = field(init=False, default=False)  # whether the last exchange brought any
    seen: set[str] = field(init=False, default_factory=set)
    done: list[Exchange] = field(init=False, default_factory=list)

    def enter(self, target: str) -> PreparedRequest:
        """Go to the next hop; raises a Failure for an invalid URL and for one redirect too many."""
        try:
            request = prepared(target, self.headers)
        except Failure as failure:
            hop = f"redirect to {shown(target)}: " if self.seen else ""
            raise Failure(failure.outcome, hop + failure.detail) from None
        url = str(request.url)
        if url in self.seen:
            raise Failure(Outcome.TOO_MANY_REDIRECTS, f"redirect loop at {shown(url)}")
        if len(self.seen) > self.max_redirects:
            raise Failure(Outcome.TOO_MANY_REDIRECTS, f"more than {self.max_redirects} redirects")
        self.seen.add(url)
        self.url = url
        return request

    def send(
        self, request: PreparedRequest, transfer: Transfer, tls: ssl.SSLContext
    ) -> FetchedResponse:
        """Send a request, read the response, and add both to `done`."""
        started = time.monotonic()
        try:
            with GuardedSession(transfer, tls) as session, session.send(request) as response:
                content = self._read(response, transfer)
                return FetchedResponse(content, response.status_code, response.headers)
        except Failure as failure:
            return FetchedResponse(Content(failure.outcome, failure.detail))
        finally:
            self.seconds += time.monotonic() - started
            self.got_bytes = transfer.received.tell() > 0
            if exchange := transfer.exchange(self.url):
                self.done.append(exchange)

    def _read(self, response: Response, transfer: Transfer) -> Content:
        conditional = bool(self.headers.keys() & {"If-None-Match", "If-Modified-Since"})
        content = read_content(response.raw, self.max_bytes, self.kind, is_conditional=conditional)
        if not is_success(response.status_code):
            # Read for the record only: its failures do not count.
            with suppress(Failure):
                size = 0
                for piece in body_pieces(response.raw):
                    size += len(piece)
                    if size > MAX_ERROR_PAGE:
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
            detail=f"{shown(self.url)}: {detail}" if detail else "",
            exchanges=tuple(self.done),
        )


def request_headers(
    user_agent: str, kind: CaptureKind, etag: str | None = None, last_modified: str | None = None
) -> dict[str, str]:
    """The request's headers; a validator that is not valid in a header is left out."""
    sent = {
        "User-Agent": user_agent,
        "Accept": _ACCEPT[kind],
        "Accept-Encoding": ACCEPTED,
        "Accept-Language": _LANGUAGES,
        "Connection": "close",
    }
    if etag and _VALIDATOR.fullmatch(etag):
        sent["If-None-Match"] = etag
    if last_modified and _VALIDATOR.fullmatch(last_modified):
        sent["If-Modified-Since"] = last_modified
    return sent


def prepared(url: str, sent: dict[str, str]) -> PreparedRequest:
    """A GET request for the normalised URL.

    Raises a Failure: URL_INVALID, URL_TOO_LONG or SCHEME_REFUSED.
    """
    url = url.strip()
    if len(url) > MAX_URL:
        raise _too_long(url)
    if _CONTROL.search(url):
        raise _invalid("control characters")
    scheme = _SCHEME.match(url)
    if not scheme:
        raise _invalid("no scheme")
    if scheme[1].lower() not in _PORTS:
        reason = f"scheme {scheme[1].lower()} is neither http nor https"
        raise Failure(Outcome.SCHEME_REFUSED, reason)
    try:
        request = Request("GET", urldefrag(url).url, headers=sent).prepare()
        parts = urlsplit(str(request.url))
        port = parts.port
    except (RequestException, ValueError) as error:
        raise _invalid(" ".join(str(error).split())[:200]) from None
    if len(str(request.url)) > MAX_URL:  # a character of another script is sent as up to 12
        raise _too_long(str(request.url))
    # No news page needs a password, it would be archived, and `https://paper.example@other.example/`
    # is meant to deceive.
    if "@" in parts.netloc:
        raise _invalid("contains a user name or password")
    if port == 0 or not _is_host(parts.hostname or ""):
        raise _invalid("no valid host and port")
    return request


def _is_host(host: str) -> bool:
    if ":" not in host:
        return len(host) <= 254 and bool(_HOST.fullmatch(host))
    try:
        return IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _invalid(reason: str) -> Failure:
    return Failure(Outcome.URL_INVALID, f"invalid URL: {reason}")


def _too_long(url: str) -> Failure:
    detail = f"a URL of {len(url):,} characters, more than {MAX_URL:,}"
    return Failure(Outcome.URL_TOO_LONG, detail)


def joined(url: str, location: str) -> str:
    """The URL in a Location header; raises a Failure, URL_INVALID."""
    # Sites put unencoded UTF-8 there, which HTTP libraries read as Latin-1.
    target = location.encode("latin-1", errors="replace").decode("utf-8", errors="replace")
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise _invalid(f"redirect to {shown(target)}: {error}") from None


def origin(url: str) -> str:
    """Scheme, host and port, such as `https://example.org` or `http://[::1]:8080`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{_authority(parts)}"


def host_key(url: str) -> str:
    """The host, with its port unless it is the scheme's own: what the crawl delay is kept for."""
    return _authority(urlsplit(url))


def _authority(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, _PORTS[parts.scheme]) else f"{host}:{parts.port}"


def shown(url: str) -> str:
    """The URL for a message: one line, truncated, without credentials."""
    text = _USER_INFO.sub("***@", url)
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return text if len(text) <= 300 else f"{text[:300]}..."
