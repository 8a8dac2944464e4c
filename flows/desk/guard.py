"""Access control of the desk: which hosts and pages may send requests, what its pages may do."""

import base64
import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "Cache-Control": "no-cache",
}


LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def _is_own(headers: Headers) -> bool:
    """Whether a request comes from a page of the desk, or from no page at all."""
    if "sec-fetch-site" in headers:
        return headers["sec-fetch-site"] in ("same-origin", "none")
    # Browsers without Sec-Fetch-Site send Origin with every form of a page.
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


class Guard:
    """Refuses requests for other host names, of other sites' pages, and without the password.

    An attacker may make a site's name resolve to 127.0.0.1 (DNS rebinding). No browser sends the
    password to such a site; without a password, the Host header must name this machine (with one,
    nobody knows by which names other machines reach the desk). Other sites may link to a view, but
    not embed or fetch one, nor send a form: forms write, and a browser would send the password with
    them. Responses get those of HEADERS that they have not set.
    """

    def __init__(self, app: ASGIApp, password: str = "") -> None:
        self._app = app
        # Browsers ask for a user name as well, which is ignored.
        self._password = password.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["method"])
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, headers: Headers, method: str) -> PlainTextResponse | None:
        host = re.sub(r":\d*$", "", headers.get("host", ""))  # without the port
        if not self._password and host not in LOOPBACK:
            why = f"The desk answers as {', '.join(LOOPBACK)}, not as {host!r}.\n"
            return PlainTextResponse(why, 421)
        site = headers.get("sec-fetch-site", "none")
        is_link = headers.get("sec-fetch-mode") == "navigate" and method in ("GET", "HEAD")
        is_framed = headers.get("sec-fetch-dest") in ("iframe", "frame", "embed", "object")
        if site in ("cross-site", "same-site") and (is_framed or not is_link):
            return PlainTextResponse("Requests of other sites' pages are refused.\n", 403)
        if method not in ("GET", "HEAD") and not _is_own(headers):
            return PlainTextResponse("Only the desk's own pages may send forms to it.\n", 403)
        if self._password and not self._knows_password(headers.get("authorization", "")):
            asks = {"WWW-Authenticate": 'Basic realm="Presswatch desk", charset="UTF-8"'}
            return PlainTextResponse("The desk asks for its password.\n", 401, asks)
        return None

    def _knows_password(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            _, _, given = base64.b64decode(encoded).partition(b":")
        except ValueError:
            return False
        return scheme.lower() == "basic" and secrets.compare_digest(given, self._password)
