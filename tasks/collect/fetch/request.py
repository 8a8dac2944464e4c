"""The headers and the checked URL of a request; URLs as messages show them."""

import re
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from requests import PreparedRequest, Request
from requests.exceptions import RequestException

from tasks.http.response import ACCEPTED
from tasks.model import CaptureKind, Failure, Outcome

# Characters of a URL as it is sent. Web servers refuse longer ones, most from 8 kB on.
MAX_URL_CHARS = 8_000

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
# Of an IPv6 address, which `requests` checks, only that it names no network interface.
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|[0-9a-f.]*:[0-9a-f:.]+")
_USER_INFO = re.compile(r"(?<=//)[^/?#]*@")
_VALIDATOR = re.compile(r"[\x21-\x7e\xa0-\xff]([\x20-\x7e\xa0-\xff]{0,1000}[\x21-\x7e\xa0-\xff])?")


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


def prepare_request(url: str, sent: dict[str, str]) -> PreparedRequest:
    """A GET request for the normalised URL.

    Raises a Failure: URL_INVALID, URL_TOO_LONG or SCHEME_REFUSED.
    """
    url = url.strip()
    if len(url) > MAX_URL_CHARS:
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
    if len(str(request.url)) > MAX_URL_CHARS:  # a character of another script is sent as up to 12
        raise _too_long(str(request.url))
    # No news page needs a password, it would be archived, and `https://paper.example@other.example/`
    # is meant to deceive.
    if "@" in parts.netloc:
        raise _invalid("contains a user name or password")
    host = parts.hostname or ""
    if port == 0 or len(host) > 254 or not _HOST.fullmatch(host):
        raise _invalid("no valid host and port")
    return request


def _invalid(reason: str) -> Failure:
    return Failure(Outcome.URL_INVALID, f"invalid URL: {reason}")


def _too_long(url: str) -> Failure:
    detail = f"a URL of {len(url):,} characters, more than {MAX_URL_CHARS:,}"
    return Failure(Outcome.URL_TOO_LONG, detail)


def resolve_location(url: str, location: str) -> str:
    """The URL in a Location header; raises a Failure, URL_INVALID."""
    # Sites put unencoded UTF-8 there, which HTTP libraries read as Latin-1.
    target = location.encode("latin-1", errors="replace").decode("utf-8", errors="replace")
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise _invalid(f"redirect to {url_for_message(target)}: {error}") from None


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


def url_for_message(url: str) -> str:
    """The URL for a message: one line, truncated, without credentials."""
    text = _USER_INFO.sub("***@", url)
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return text if len(text) <= 300 else f"{text[:300]}..."
