"""A frozen web site on loopback: what the sample newsroom served when a data folder was made."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 32_465
"""The first of three: part of every URL kept, below the ports of outgoing connections on Linux."""
PORT_WAIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Page:
    """One response; the body's bytes as Latin-1, so that JSON can hold them."""

    body: str
    content_type: str
    is_listing: bool
    """Listings have an ETag and answer conditional requests."""
    status: int = 200


Site = Mapping[str, Page]
"""Pages by `port/path`."""


def write_site(site: Site, path: Path) -> None:
    """Write a site as JSON."""
    pages = {name: asdict(page) for name, page in site.items()}
    path.write_text(json.dumps(pages, indent=0, sort_keys=True), encoding="utf-8")


def read_site(path: Path) -> Site:
    """Read a site that `write_site` wrote."""
    return {name: Page(**page) for name, page in json.loads(path.read_bytes()).items()}


@contextmanager
def serving(site: Site) -> Iterator[None]:
    """Serve the site on its ports; waits while another test run has them."""
    with ExitStack() as stack:
        for port in sorted({int(name.partition("/")[0]) for name in site}):
            server = stack.enter_context(_open_server(port, site))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, site: Site) -> None:
        self.site = site
        super().__init__(("127.0.0.1", port), _Handler)


def _open_server(port: int, site: Site) -> _Server:
    end = time.monotonic() + PORT_WAIT_SECONDS
    while True:
        try:
            return _Server(port, site)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        missing = Page("<h1>Not found</h1>", "text/html; charset=utf-8", False, 404)
        path = self.path.partition("?")[0]
        page = self.server.site.get(f"{self.server.server_port}{path}", missing)
        body = page.body.encode("latin-1")
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        is_unchanged = page.is_listing and self.headers.get("If-None-Match") == etag
        self.send_response(304 if is_unchanged else page.status)
        if page.is_listing:
            self.send_header("ETag", etag)
        if not is_unchanged:
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not is_unchanged:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass
