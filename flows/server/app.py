"""Prefect's server, for its own pages and for programs: other web pages are refused."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.processes.quick_imports import quick_imports

with quick_imports():
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    from flows.server.metrics import Metrics

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds before another try where the database was busy


class OwnOriginsOnly:
    """Refuses what a page of another origin sends, WebSockets included, with status 403.

    Browsers name the origin in the Origin header; programs send none. No page may show the server's
    pages in a frame, where it could trick a person into starting a run.
    """

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        origin = None if scope["type"] == "lifespan" else Headers(scope=scope).get("origin")
        if origin is None or not self._origins.isdisjoint((origin, "*")):

            async def send_unframed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    MutableHeaders(scope=message)["X-Frame-Options"] = "DENY"
                await send(message)

            await self._app(scope, receive, send_unframed)
            return
        why = f"Requests of {origin} are refused; PREFECT_SERVER_CORS_ALLOWED_ORIGINS allows it."
        await PlainTextResponse(why, 403)(scope, receive, send)


class RetryWhenBusy:
    """Retries requests for which Prefect's database was busy, so that nobody sees the status 503.

    Prefect 3.9 begins most transactions as DEFERRED. One that reads and then writes, such as
    creating a run, fails at once when another has written in between (SQLITE_BUSY_SNAPSHOT);
    SQLite's timeout does not apply. Prefect rolls back and answers 503. Its own clients then retry
    (`prefect.client.base`), but its pages do not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with Prefect's response once it is not busy, or with that of the last try."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        body = [await receive()]
        while body[-1].get("more_body"):
            body.append(await receive())
        is_busy = False

        async def send_unless_busy(message: Message) -> None:
            nonlocal is_busy
            if message["type"] == "http.response.start":
                is_busy = message["status"] == HTTPStatus.SERVICE_UNAVAILABLE
            if not is_busy:
                await send(message)

        for pause in PAUSES:
            try:
                await self._app(dict(scope), _replayed(body, receive), send_unless_busy)
            except Exception:
                # Starlette sends its response, and then raises the exception again.
                if not is_busy:
                    raise
            if not is_busy:
                return
            await asyncio.sleep(pause)
        await self._app(scope, _replayed(body, receive), send)


def _replayed(body: Sequence[Message], receive: Receive) -> Receive:
    """A `receive` that repeats the messages of a request before it receives new ones."""
    messages = iter(body)

    async def replayed() -> Message:
        message = next(messages, None)
        return await receive() if message is None else message

    return replayed


def create_guarded_app() -> ASGIApp:
    """Prefect's server as `prefect server start` makes it, with two checks in front.

    Prefect's CORS and CSRF settings leave two ways in (3.9): WebSockets, which post events and read
    logs, and a name of the attacker's that resolves to 127.0.0.1, whose pages are of the server's
    own origin (DNS rebinding).
    """
    allowed = get_current_settings().server.api.cors_allowed_origins
    origins = frozenset(allowed.split(","))
    # The first two are the host names that a proxy or a check on this machine uses.
    hosts = {"127.0.0.1", "localhost", *(urlsplit(origin).hostname or "" for origin in origins)}
    # Around the app, not added to it: the server's own clients call the same app in memory, as host
    # `prefect-in-memory`, to run automations' actions.
    app = OwnOriginsOnly(Metrics(RetryWhenBusy(create_app(final=True))), origins)
    return TrustedHostMiddleware(app, allowed_hosts=sorted(hosts), www_redirect=False)
