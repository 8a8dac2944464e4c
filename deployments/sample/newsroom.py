"""A small made-up newsroom: three papers on three ports of 127.0.0.1.

Run it with `python deployments/sample/newsroom.py`; PRESSWATCH_SAMPLE_PORT moves the three ports.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from newsroom_articles import DEMO_PAPERS, HERE, PAPERS, moved_path, moved_time
from newsroom_demo import Demo, past_page
from newsroom_listings import site_listings
from newsroom_pages import BASE_PORT, Page, Site, missing_page, saved_files, site_pages
from newsroom_year import latest

PORT_VARIABLE = "PRESSWATCH_SAMPLE_PORT"
PRINTS_EVERY = 600.0
"""Seconds after which a demo's papers show what they have printed since."""


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
    """First of the ports, from the environment or 8765."""
    given = os.environ.get(PORT_VARIABLE) or str(BASE_PORT)
    if not given.isdecimal() or not 1024 <= int(given) <= 65532:
        raise PortUnusable(f"{PORT_VARIABLE} must be a port from 1024 to 65532, got {given!r}")
    return int(given)


class Newsroom:
    """The papers, served while the context lasts; `requests` is the log.

    Those of a demo also have the articles of its year, and their written ones have moved dates.
    """

    def __init__(self, port: int | None = None, demo: Demo | None = None) -> None:
        self.port = base_port() if port is None else port
        self.demo = demo
        papers = DEMO_PAPERS if demo else PAPERS
        self.sites = tuple(_site_now(Site(paper, self.port), demo) for paper in papers)
        self.requests: list[Request] = []
        self._servers: list[_PaperServer] = []

    def __enter__(self) -> Self:
        try:
            for site in self.sites:
                self._servers.append(_open_server(site, self.requests, self.demo))
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

    def __init__(self, site: Site, log: list[Request], demo: Demo | None) -> None:
        self.site, self.log, self.demo = site, log, demo
        self.missing = missing_page(site)
        self._print()
        super().__init__(("127.0.0.1", site.port), _Handler)

    def _print(self) -> None:
        self.site = _site_now(self.site, self.demo)
        self.pages = {**site_pages(self.site), **site_listings(self.site)}
        self.printed_at = time.monotonic()

    def page(self, path: str) -> Page:
        """The response for a path; a demo's papers go on printing."""
        if self.demo and time.monotonic() > self.printed_at + PRINTS_EVERY:
            self._print()
        if self.demo is None or path in self.pages:
            return self.pages.get(path, self.missing)
        return past_page(self.demo.year, self.site, path, datetime.now(UTC)) or self.missing


def _site_now(site: Site, demo: Demo | None) -> Site:
    if demo is None:
        return site
    past = latest(demo.year, site.paper, datetime.now(UTC))
    return replace(site, moved_days=demo.moved_days, past=past)


def _open_server(site: Site, log: list[Request], demo: Demo | None) -> _PaperServer:
    try:
        return _PaperServer(site, log, demo)
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
        page = self.server.page(urlsplit(self.path).path)
        unchanged = page.modified is not None and self._has(page)
        status = 304 if unchanged else page.status
        self.server.log.append(
            Request(self.server.site.paper.id, self.path, time.monotonic(), status)
        )
        self.send_response(status)
        if page.modified:
            self.send_header("ETag", etag(page))
            self.send_header("Last-Modified", http_time(page.modified))
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


def http_time(moment: datetime) -> str:
    """A time in the format of HTTP's headers."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _is_since(modified: datetime | None, since: str) -> bool:
    try:
        return modified is not None and modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def write_sources(folder: Path, port: int, demo: Demo | None = None) -> Path:
    """Write sources.toml and the saved pages for another first port; return the TOML's path."""
    saved, written = folder / "saved", folder / "sources.toml"
    saved.mkdir(exist_ok=True)
    for path in (HERE / "saved").iterdir():  # copytree would give the folder its permissions
        shutil.copyfile(path, saved / path.name)
    shutil.copyfile(HERE / "sources.toml", written)
    if demo:
        with written.open("a", encoding="utf-8") as file:
            file.write((HERE / "stories" / "sources.toml").read_text(encoding="utf-8"))
        _move_saved(saved, demo.moved_days)
    for path in (written, *sorted(saved.iterdir())):
        _move_ports(path, port)
    return written


def _move_saved(saved: Path, days: int) -> None:
    """Write the saved pages and their metadata with dates so many days later."""
    for name, body in saved_files(moved_days=days).items():
        (saved / name).write_bytes(body)
    for path in saved.glob("*.meta.json"):
        meta = json.loads(path.read_text())
        moved = {name: moved_time(value, days) for name, value in meta.items() if name != "url"}
        path.write_text(json.dumps({"url": moved_path(meta["url"], days), **moved}))


def _move_ports(path: Path, port: int) -> None:
    content = path.read_bytes()
    for paper in reversed(DEMO_PAPERS):
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
