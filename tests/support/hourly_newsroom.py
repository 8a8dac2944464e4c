"""A made newsroom on loopback whose sources publish by the hour of a simulated week.

What a source shows depends on the hour alone. One that fails does so for a single installation,
known by the contact of its User-Agent, so that another one sees the same hour undisturbed.
"""

import hashlib
import random
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from tests.support.source_server import WORDS

BEFORE = 12
"""Hours before the first one of which listings still tell."""
REVISED_AFTER = (2, 20)
"""Hours after which some articles change: before the first recheck, and before the second."""
HANG_SECONDS = 60

Failure = Literal["500", "reset", "hang"]


@dataclass(frozen=True)
class Paper:
    """A source: an article every so many hours, and a listing of the latest."""

    id: str
    form: Literal["rss", "atom", "sitemap", "section"]
    listed: int
    """Entries of the listing; older ones have rolled out of it."""
    hours: int = 1
    each: int = 1
    """Articles in each of those hours."""
    timezone: str = "UTC"
    is_dated: bool = True
    copies: str = ""
    """The source whose articles it prints an hour later, word by word."""

    @property
    def daily(self) -> int:
        """Dated articles a day."""
        return 24 // self.hours * self.each if self.is_dated else 0


PAPERS = (
    Paper("gb-courier", "rss", listed=12, each=2),
    Paper("de-blatt", "rss", listed=8, timezone="Europe/Berlin"),
    Paper("us-wire", "atom", listed=60),
    Paper("gb-reprints", "sitemap", listed=40, hours=3, copies="us-wire"),
    Paper("fr-echo", "section", listed=6, hours=2, timezone="Europe/Paris"),
    Paper("nl-undated", "rss", listed=40, hours=4, is_dated=False),
)


@dataclass(frozen=True)
class Story:
    """An article of a source."""

    paper: Paper
    hour: int
    number: int

    @cached_property
    def revised_at(self) -> int | None:
        """The hour of its revision."""
        kind = (self.hour + self.number) % 5
        return self.hour + REVISED_AFTER[kind] if kind < len(REVISED_AFTER) else None

    @cached_property
    def path(self) -> str:
        """Where it stands."""
        return f"/news/2026/{10_000 + self.hour}{self.number}-{'-'.join(self._title.split()[:4])}"

    @property
    def title(self) -> str:
        """Its headline."""
        return self._title.capitalize()

    @cached_property
    def _title(self) -> str:
        return " ".join(self._dice("title").sample(WORDS, 8)).lower()

    def _dice(self, of: str) -> random.Random:
        origin = (
            (self.paper.copies, self.hour - 1) if self.paper.copies else (self.paper.id, self.hour)
        )
        return random.Random(f"{origin} {self.number} {of}")

    def paragraphs(self, hour: int) -> list[str]:
        """Its text as it is at an hour."""
        found = [_paragraph(self._dice(f"paragraph {number}")) for number in range(6)]
        if self.revised_at is not None and hour >= self.revised_at:
            found.append(f"Corrected: {_paragraph(self._dice('revision'))}")
        return found


def _paragraph(dice: random.Random) -> str:
    lines = (f"{' '.join(dice.sample(WORDS, 12))} {dice.randrange(10_000)}" for _ in range(3))
    return " ".join(f"{line.capitalize()}." for line in lines)


@cache
def stories(paper: Paper, hour: int) -> tuple[Story, ...]:
    """What a source has published by an hour, the latest first."""
    hours = (at for at in range(hour, -BEFORE - 1, -1) if at % paper.hours == 0)
    return tuple(_story(paper, at, number) for at in hours for number in range(paper.each))


_story = cache(Story)  # its title is made once


class HourlyNewsroom:
    """The sources, served; `hour` is what they show, counted from `start`."""

    def __init__(self, start: datetime, papers: tuple[Paper, ...] = PAPERS) -> None:
        self.start, self.papers = start, papers
        self.hour = 0
        self.failing: Mapping[str, Failure] = {}
        """How sources fail at the moment, for the installation that is disturbed."""
        self.delivered: set[tuple[str, str, int]] = set()
        """Installation, source and hour of each listing that was given."""
        self.is_over = threading.Event()
        self._servers = {
            paper.id: _Server((f"127.0.3.{number}", 0), self, paper)
            for number, paper in enumerate(papers, 1)
        }

    def __enter__(self) -> Self:
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def moment(self, hour: int) -> datetime:
        """The time at which an hour's run begins."""
        return self.start + timedelta(hours=hour)

    def url(self, paper: Paper, path: str) -> str:
        """The address of a page."""
        host, port = self._servers[paper.id].server_address[:2]
        return f"http://{host!s}:{port}{path}"

    def write_sources(self, path: Path) -> Path:
        """Write sources.toml; its path."""
        keys = {"rss": "feeds", "atom": "feeds", "sitemap": "sitemaps", "section": "sections"}
        path.write_text(
            "\n".join(
                f'[[source]]\nid = "{paper.id}"\nname = "{paper.id}"\nlanguage = "en"\n'
                f'timezone = "{paper.timezone}"\nmin_interval_seconds = 0\n'
                f'allow_private_hosts = true\n{keys[paper.form]} = ["{self.url(paper, "/list")}"]\n'
                + f"expected_daily = [{paper.daily}, 99]\n"
                * paper.is_dated
                for paper in self.papers
            )
        )
        return path

    def answer(self, paper: Paper, path: str) -> tuple[str, str]:
        """Content type and text of a page as it is now; KeyError when there is none."""
        found = stories(paper, self.hour)
        if path == "/list":
            return self._listing(paper, found[: paper.listed])
        return "text/html", self._page({story.path: story for story in found}[path])

    def _listing(self, paper: Paper, listed: tuple[Story, ...]) -> tuple[str, str]:
        entries = [(self.url(paper, one.path), one.title, self._published(one)) for one in listed]
        if paper.form == "section":
            links = "".join(f'<li><a href="{url}">{title}</a></li>' for url, title, _ in entries)
            return "text/html", f"<html><body><main><ul>{links}</ul></main></body></html>"
        if paper.form == "sitemap":
            items = "".join(
                f"<url><loc>{url}</loc><n:news><n:publication_date>{at.isoformat()}"
                f"</n:publication_date><n:title>{title}</n:title></n:news></url>"
                for url, title, at in entries
            )
            spaces = (
                'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
                'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
            )
            return "application/xml", f"<urlset {spaces}>{items}</urlset>"
        if paper.form == "atom":
            items = "".join(
                f'<entry><title>{title}</title><id>{url}</id><link href="{url}"/>'
                f"<published>{at.isoformat()}</published></entry>"
                for url, title, at in entries
            )
            about = 'xmlns="http://www.w3.org/2005/Atom"'
            return "application/atom+xml", f"<feed {about}><title>t</title>{items}</feed>"
        items = "".join(
            f"<item><title>{title}</title><link>{url}</link>"
            + f"<pubDate>{at:%a, %d %b %Y %H:%M:%S %z}</pubDate>" * paper.is_dated
            + "</item>"
            for url, title, at in entries
        )
        about = f"<title>{paper.id}</title>"
        return "application/rss+xml", f'<rss version="2.0"><channel>{about}{items}</channel></rss>'

    def _published(self, story: Story) -> datetime:
        at = self.moment(story.hour) - timedelta(minutes=3 + story.number)
        return at.astimezone(ZoneInfo(story.paper.timezone))

    def _page(self, story: Story) -> str:
        paper = story.paper
        at = self._published(story).isoformat()
        date = f'<meta property="article:published_time" content="{at}">' * paper.is_dated
        links = "".join(f'<li><a href="/section/{word}">{word}</a></li>' for word in WORDS[:12])
        text = "".join(f"<p>{one}</p>" for one in story.paragraphs(self.hour))
        return (
            f'<!doctype html><html lang="en"><head><title>{story.title}</title>{date}'
            f'<link rel="canonical" href="{self.url(paper, story.path)}"></head><body>'
            f"<header><nav><ul>{links}</ul></nav></header><main><article><h1>{story.title}</h1>"
            f"<p class='byline'>By Ann Made</p>{text}</article>"
            "<div class='newsletter'>Sign up for our newsletter and never miss a story.</div>"
            f"</main><footer>All rights reserved, {paper.id}</footer></body></html>"
        )

    def all_listed(self, until: int) -> Iterator[tuple[Story, str]]:
        """All that was listed in the hours from 0 on, with its address."""
        for paper in self.papers:
            for story in stories(paper, until):
                if story in stories(paper, max(story.hour, 0))[: paper.listed]:
                    yield story, self.url(paper, story.path)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], newsroom: HourlyNewsroom, paper: Paper) -> None:
        self.newsroom, self.paper = newsroom, paper
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        newsroom, paper = self.server.newsroom, self.server.paper
        asking = "disturbed" if "+disturbed@" in self.headers["User-Agent"] else "undisturbed"
        failure = newsroom.failing.get(paper.id) if asking == "disturbed" else None
        if failure:
            self._fail(failure)
            return
        try:
            content_type, text = newsroom.answer(paper, self.path)
        except KeyError:
            self._say(404, "text/plain", b"nothing here", "")
            return
        if self.path == "/list":
            newsroom.delivered.add((asking, paper.id, newsroom.hour))
        body = text.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self._say(304, content_type, b"", etag)
        else:
            self._say(200, content_type, body, etag)

    def _say(self, status: int, content_type: str, body: bytes, etag: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, failure: Failure) -> None:
        if failure == "500":
            self._say(500, "text/plain", b"out of order", "")
            return
        if failure == "hang":
            self.server.newsroom.is_over.wait(HANG_SECONDS)
        # No time to linger: the connection is reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (named by http.server)
        """Say nothing."""
