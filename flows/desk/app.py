"""The desk as an ASGI application, and serving it until it is stopped."""

import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from flows.desk.address import unchecked_selection
from flows.desk.background_searches import Searches
from flows.desk.desk import FOLDER, Desk, DeskRequest, open_request
from flows.desk.feed_searches import FeedSearches
from flows.desk.guard import LOOPBACK, Guard
from flows.desk.views import (
    articles,
    attention,
    audit,
    export,
    extraction,
    find,
    forms,
    overview,
    read_article,
    search,
    sources,
)
from tasks.report.page import chart_library, style
from tasks.settings import ConfigError, Settings
from warehouse.layers.documents import DocumentError
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError

View = Callable[[DeskRequest], Response]
VIEWS: dict[str, View] = {
    "/": overview.overview,
    "/attention": attention.attention,
    "/articles": articles.list_articles,
    "/article/{article_id}": read_article.read,
    "/article/{article_id}/page": read_article.page,
    "/search": search.search,
    "/sources": sources.sources,
    "/sources/find": find.find,
    "/sources/{source_id}": sources.source,
    "/page": extraction.extraction,
    "/page/archived": extraction.page,
    "/export/{name}": export.export,
    "/audit": audit.audits,
    "/audit/{audit_id}": audit.judge,
}
# What forms send; all else is read-only.
FORMS: dict[str, forms.FormAction] = {
    "/audit": audit.draw,
    "/audit/publish": audit.publish,
    "/audit/{audit_id}": audit.save_verdict,
    "/sources/find": find.begin,
}


def create_app(layout: Layout, settings: Settings, password: str = "") -> Starlette:
    """The desk over the snapshots of one data folder."""
    # A desk that other machines reach sends no requests to sites on their behalf.
    desk = Desk(layout, settings, None if password else FeedSearches(settings))
    library, report_css = chart_library(layout).encode(), style()

    def charts(_: Request) -> Response:
        # The file name contains the hash of its content.
        cached = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(library, media_type="text/javascript", headers=cached)

    def respond(view: View, request: Request) -> Response:
        with open_request(request) as about:
            return view(about)

    searches = Searches(desk.snapshots, layout)

    @asynccontextmanager
    async def until_closed(_: Starlette) -> AsyncIterator[None]:
        yield
        searches.close()
        desk.snapshots.close()

    app = Starlette(
        routes=[
            *(
                Route(path, partial(forms.process_form, write), methods=["POST"])
                for path, write in FORMS.items()
            ),
            *(Route(path, partial(respond, view)) for path, view in VIEWS.items()),
            Route(f"/charts/{hashlib.sha256(library).hexdigest()[:16]}.js", charts, name="charts"),
            Route("/static/page.css", lambda _: Response(report_css, media_type="text/css")),
            Mount("/static", StaticFiles(directory=FOLDER / "static"), name="static"),
        ],
        middleware=[Middleware(Guard, password=password)],
        exception_handlers=dict.fromkeys((QueryError, DocumentError, HTTPException), _problem),
        lifespan=until_closed,
    )
    app.state.desk, app.state.searches = desk, searches
    desk.templates.globals["charts"] = str(app.url_path_for("charts"))
    return app


def _problem(request: Request, error: Exception) -> Response:
    """An error page: what is wrong with a URL, with a form to correct it, or no snapshot."""
    message, status = str(error), HTTPStatus.BAD_REQUEST
    if isinstance(error, HTTPException):
        message, status = error.detail, HTTPStatus(error.status_code)
    try:
        # Without the query, so that the menu's links do not repeat the error.
        with open_request(Request({**request.scope, "query_string": b""})) as view:
            try:
                typed = unchecked_selection(request.query_params, view.known)
            except QueryError:
                typed = view.selection
            if request.url.path == "/attention" and "topic" not in request.query_params:
                typed = replace(typed, topics=attention.with_topics(view).selection.topics)
            return view.page(
                "problem.html",
                status,
                message=message,
                typed=typed,
                path=request.url.path,
                given=request.query_params,
            )
    except (QueryError, DocumentError):
        template = request.app.state.desk.templates.get_template("no_snapshot.html")
        return HTMLResponse(template.render(message=message), status)


def serve_desk(
    layout: Layout, settings: Settings, host: str, port: int, say: Callable[[str], None]
) -> None:
    """Serve the desk until Ctrl-C or SIGTERM; ConfigError when the port or the host is refused.

    Other machines reach it only with a password, PRESSWATCH_DESK_PASSWORD.
    """
    password = settings.desk_password.get_secret_value()
    if host not in LOOPBACK and not password:
        raise ConfigError(
            [f"--host {host} lets other machines read the articles: set PRESSWATCH_DESK_PASSWORD"]
        )
    app = create_app(layout, settings, password=password)
    server = uvicorn.Server(
        uvicorn.Config(app, host=host, port=port, log_level="warning", server_header=False)
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host.strip("[]"), port))
        except OSError as error:
            why = f"{host}:{port} cannot be used ({error.strerror}): name another with --port"
            raise ConfigError([why]) from None
        say(f"The desk: http://{host}:{listening.getsockname()[1]}/ (Ctrl-C ends it)")
        server.run(sockets=[listening])
