"""The desk on a port of loopback, for tests that ask it over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from flows.desk.app import create_app
from tasks.settings import Settings
from tests.support.ports import free_port
from warehouse.layers.layout import Layout


@contextmanager
def served(layout: Layout) -> Iterator[str]:
    """The desk of a data folder."""
    with serving(create_app(layout, Settings(data=layout.root))) as base:
        yield base


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """A desk that is there already."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
