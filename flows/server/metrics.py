"""The server's page for Prometheus, `/metrics`."""

import asyncio
import base64
import secrets

from prefect.server import models
from prefect.server.database import provide_database_interface
from prefect.server.schemas.filters import FlowRunFilter
from prefect.settings import get_current_settings
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from flows.runs.metrics import waiting_filters
from tasks.installation import settings_of
from tasks.monitor.metrics import exposition, live_metrics, metrics_file, read_metrics

PATH = "/metrics"


class Metrics:
    """Answers GET /metrics with what the last run wrote, and with the runs that wait now.

    It requires the password of Prefect's API, if that has one, but no CSRF token, since it changes
    nothing.
    """

    # What the last run wrote, not the warehouse: a scrape every few seconds must cost nothing. On a
    # port of its own it would need the same guards again; Prefect's `/api/metrics` has no articles.

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the metrics, or pass it on."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        response: Response
        if scope["method"] not in ("GET", "HEAD"):
            response = PlainTextResponse("Only GET is allowed.", 405, {"Allow": "GET, HEAD"})
        elif not _is_allowed(Headers(scope=scope).get("authorization", "")):
            response = PlainTextResponse("Unauthorized", 401, {"WWW-Authenticate": "Basic"})
        else:
            content = await _metrics()
            response = Response(content, media_type=CONTENT_TYPE_PLAIN_0_0_4)
        await response(scope, receive, send)


def _is_allowed(given: str) -> bool:
    password = get_current_settings().server.api.auth_string
    if password is None:
        return True
    encoded = base64.b64encode(password.get_secret_value().encode()).decode()
    return secrets.compare_digest(given.encode(), f"Basic {encoded}".encode())


async def _metrics() -> bytes:
    waiting = {}
    async with provide_database_interface().session_context() as session:
        for reason, given in waiting_filters().items():
            waiting[reason] = await models.flow_runs.count_flow_runs(  # type: ignore[attr-defined]
                session=session, flow_run_filter=FlowRunFilter.model_validate(given)
            )
    settings = settings_of()
    now = live_metrics(settings.data, waiting)
    names = {family.name for family in now}
    of_runs = await asyncio.to_thread(read_metrics, metrics_file(settings))
    return exposition([*(one for one in of_runs if one.name not in names), *now])
