"""A small made-up newsroom: three papers on three ports of 127.0.0.1.

Run it with `python deployments/sample/newsroom.py`; PRESSWATCH_SAMPLE_PORT moves the three ports.
"""

import argparse
import hashlib
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from newsroom_articles import HERE, PAPERS
from newsroom_listings import site_listings
from newsroom_pages import BASE_PORT, Page, Site, html, render, saved_files, site_pages

PORT_VARIABLE = "PRESSWATCH_SAMPLE_PORT"


class PortUnusable(Exception):  # noqa: N818 (the message is for people)
    """A port of the newsroom is in use, or is no port."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request the newsroom has answered."""

    paper: str
    path: str
    """Path and query as asked."""
    at: float
    """Seconds of the monotonic clock."""
    status: int


def base_port() -> int:
    """First of the three ports, from the environment or 8765."""
    given = os.environ.get(PORT_VARIABLE) or str(BASE_PORT)
    if not given.isdecimal() or not 1024 <= int(given) <= 65533:
        raise PortUnusable(f"{PORT_VARIABLE} must be a port from 1024 to 65533, got {given!r}")
    return int(given)


class Newsroom:
    """The three papers, served while the context lasts; `requests` is the log."""

    def __init__(self, port: int | None = None) -> None:
        self.port = base_port() if port is None else port
        self.sites = tuple(Site(paper, self.port) for paper in PAPERS)
        self.requests: list[Request] = []
        self._servers: list[_PaperServer] = []

    def __enter__(self) -> Self:
        try:
            for site in self.sites:
                self._servers.append(_open_server(site, self.requests))
        except PortUnusable:
            self.__exit__(None, None, None)
            raise
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            server.is_serving = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._servers:
            server = self._servers.pop()
            if server.is_serving:
                server.shutdown()
            server.server_close()


class _PaperServer(ThreadingHTTPServer):
    daemon_threads = True
    is_serving = False

    def __init__(self, site: Site, log: list[Request]) -> None:
        self.site = site
        self.log = log
        self.pages = {**site_pages(site), **site_listings(site)}
        self.missing = Page(
            html(render(site, "missing")).body, "text/html; charset=utf-8", None, 404
        )
        super().__init__(("127.0.0.1", site.port), _Handler)


def _open_server(site: Site, log: list[Request]) -> _PaperServer:
    try:
        return _PaperServer(site, log)
    except OSError as error:
        raise PortUnusable(
            f"port {site.port} of 127.0.0.1 is taken ({error.strerror}); "
            f"set {PORT_VARIABLE} to another first port, such as {BASE_PORT + 1000}"
        ) from error


class _Handler(BaseHTTPRequestHandler):
    server: _PaperServer
    server_version = "Newsroom/1"
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with the page of the path, or 404."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer without the body."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (named by http.server)
        """Say nothing: the log is `Newsroom.requests`."""

    def _answer(self, *, with_body: bool) -> None:
        page = self.server.pages.get(urlsplit(self.path).path, self.server.missing)
        unchanged = page.modified is not None and self._has(page)
        status = 304 if unchanged else page.status
        self.server.log.append(
            Request(self.server.site.paper.id, self.path, time.monotonic(), status)
        )
        self.send_response(status)
        if page.modified:
            self.send_header("ETag", etag(page))
            self.send_header("Last-Modified", _http_time(page.modified))
        if not unchanged:
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if with_body and not unchanged:
            self.wfile.write(page.body)

    def _has(self, page: Page) -> bool:
        known = self.headers.get("If-None-Match")
        if known is not None:
            return etag(page) in {tag.strip() for tag in known.split(",")}
        since = self.headers.get("If-Modified-Since")
        return since is not None and _is_since(page.modified, since)


def etag(page: Page) -> str:
    """The validator of a page, from its bytes."""
    return f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'


def _http_time(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _is_since(modified: datetime | None, since: str) -> bool:
    try:
        return modified is not None and modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def write_sources(folder: Path, port: int) -> Path:
    """Write sources.toml and the saved pages for another first port; return the TOML's path."""
    saved = folder / "saved"
    shutil.copytree(HERE / "saved", saved, dirs_exist_ok=True)
    written = folder / "sources.toml"
    shutil.copyfile(HERE / "sources.toml", written)
    for path in (written, *sorted(saved.iterdir())):
        _move_ports(path, port)
    return written


def _move_ports(path: Path, port: int) -> None:
    content = path.read_bytes()
    for paper in reversed(PAPERS):
        old, new = (f"127.0.0.1:{first + paper.port_offset}" for first in (BASE_PORT, port))
        content = content.replace(old.encode(), f"\0{new}".encode())
    path.write_bytes(content.replace(b"\0", b""))


def _write_saved() -> None:
    for name, body in saved_files().items():
        (HERE / "saved" / name).write_bytes(body)


def main() -> int:
    """Serve until interrupted; the exit status is 1 when a port is taken."""
    parser = argparse.ArgumentParser(description="Serve the sample newsroom on loopback.")
    parser.add_argument("--write-saved", action="store_true", help="render saved/*.html anew")
    if parser.parse_args().write_saved:
        _write_saved()
        return 0
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        with Newsroom() as newsroom:
            for site in newsroom.sites:
                sys.stdout.write(f"{site.paper.name}: {site.root}/\n")
            sys.stdout.flush()
            signal.sigwait(stops)
    except PortUnusable as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
