"""Made papers on loopback, an address each, for the benchmarks of crawling.

`python -m tests.support.source_server PAPERS ARTICLES` prints its port, and serves until its end.
Paper n is at `host(n)`; it has a robots.txt, a feed with an ETag, and articles. `/.log` says
who was asked for what, and when, and begins a new log.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from subprocess import PIPE, Popen
from typing import Protocol, cast
from urllib.request import urlopen

PARAGRAPHS = 14
_WORDS = (
    "the harbour board met on Monday to hear how sanctions change trade and what the G20 may say "
    "while a ferry from the northern isles sails again in spring after the storm broke its mast "
    "farmers asked for rain but got hail over barley fields near old mill so council keeps bridge "
    "closed until engineers have looked at every pillar which nobody did since river rose last year"
)
WORDS = _WORDS.split()
HEAD = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\nETag: {etag}\r\n\r\n"
ROBOTS = b"User-agent: *\nDisallow: /private/\n"


@dataclass(frozen=True)
class LoggedRequest:
    """One request; the time is that at which it had come in, by the server's monotonic clock."""

    host: str
    path: str
    at: float
    status: int
    is_conditional: bool


def host(number: int) -> str:
    """The address of a paper."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def article(number: int) -> str:
    """The path of a paper's article."""
    return f"/news/{number}-story.html"


@cache
def page(paper: int, number: int, port: int) -> bytes:
    """An article with the furniture that pages of papers have."""
    dice = random.Random(1_000 * paper + number)
    title = f"{' '.join(dice.sample(WORDS, 7)).capitalize()} {paper} {number}"
    at = datetime.now(UTC) - timedelta(hours=number + 1)
    links = "".join(f"<li><a href='{article(n)}'>More on {n}</a></li>" for n in range(30))
    text = "".join(f"<p>{_sentences(dice)}</p>\n" for _ in range(PARAGRAPHS))
    address = f"http://{host(paper)}:{port}{article(number)}"
    return (
        f"<!doctype html><html lang='en'><head><title>{title}</title>"
        f"<meta property='article:published_time' content='{at.isoformat()}'>"
        f"<link rel='canonical' href='{address}'></head><body><header><nav><ul>{links}</ul></nav>"
        f"</header><main><article><h1>{title}</h1><p class='byline'>By Ann Made</p>{text}"
        f"<div class='newsletter'>Sign up for our newsletter and never miss a story.</div>"
        f"</article><aside><ul>{links}</ul></aside></main><footer>All rights reserved</footer>"
        "</body></html>"
    ).encode()


def _sentences(dice: random.Random) -> str:
    lines = (" ".join(dice.sample(WORDS, 14)) for _ in range(4))
    return " ".join(f"{line.capitalize()}." for line in lines)


@cache
def feed(paper: int, articles: int, port: int) -> bytes:
    """The paper's RSS feed."""
    address = f"http://{host(paper)}:{port}"
    items = "".join(
        f"<item><title>Story {n}</title><link>{address}{article(n)}</link></item>"
        for n in range(articles)
    )
    return f"<rss version='2.0'><channel><title>{paper}</title>{items}</channel></rss>".encode()


class Papers:
    """What all papers say, and what they were asked."""

    def __init__(self, papers: int, articles: int) -> None:
        self.numbers = {host(number): number for number in range(papers)}
        self.articles = articles
        self.port = 0
        self.log: list[LoggedRequest] = []

    def answer(self, at_host: str, path: str, head: bytes) -> bytes:
        """The whole response; all but the log is noted."""
        if path == "/.log":
            said, self.log = json.dumps([vars(one) for one in self.log]).encode(), []
            return _http("200 OK", "application/json", said)
        arrived = time.monotonic()
        status, kind, body = self._found(self.numbers[at_host], path)
        is_conditional = b"\r\nif-none-match:" in head.lower()
        if is_conditional and kind != "text/html":
            status, body = "304 Not Modified", b""
        self.log.append(LoggedRequest(at_host, path, arrived, int(status[:3]), is_conditional))
        return _http(status, kind, body)

    def _found(self, paper: int, path: str) -> tuple[str, str, bytes]:
        if path == "/robots.txt":
            return "200 OK", "text/plain", ROBOTS
        if path == "/feed":
            return "200 OK", "application/rss+xml", feed(paper, self.articles, self.port)
        for number in range(self.articles):
            if path == article(number):
                return "200 OK", "text/html", page(paper, number, self.port)
        return "404 Not Found", "text/plain", b"nothing here"


def _http(status: str, kind: str, body: bytes) -> bytes:
    head = HEAD.format(status=status, kind=kind, size=len(body), etag='"made"')
    return head.encode() + body


class Answers(Protocol):
    """What a server says."""

    def answer(self, at_host: str, path: str, head: bytes, /) -> bytes:
        """The whole response."""
        ...


class Connection(asyncio.Protocol):
    """One connection: requests without a body, one after the other."""

    def __init__(self, papers: Answers) -> None:
        self._papers, self._received = papers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._to = cast(asyncio.Transport, transport)
        self._host: str = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1")
            self._to.write(self._papers.answer(self._host, path, head))
            if b"\r\nconnection: close" in head.lower():
                self._to.close()


async def serve(papers: int, articles: int) -> None:
    """Serve until the process ends."""
    said, loop = Papers(papers, articles), asyncio.get_running_loop()
    first = await loop.create_server(lambda: Connection(said), host(0), 0, backlog=1_000)
    said.port = first.sockets[0].getsockname()[1]
    rest = list(said.numbers)[1:]
    if rest:
        await loop.create_server(lambda: Connection(said), rest, said.port, backlog=1_000)
    for paper in range(papers):
        feed(paper, articles, said.port)
        for number in range(articles):
            page(paper, number, said.port)
    print(said.port, flush=True)
    await asyncio.Event().wait()


def papers_served(papers: int, articles: int) -> AbstractContextManager[int]:
    """The papers in a process of their own; the value is their port."""
    return served_by("tests.support.source_server", papers, articles)


@contextmanager
def served_by(module: str, *numbers: int) -> Iterator[int]:
    """A module that serves in a process of its own and prints its port; the value is the port."""
    with Popen([sys.executable, "-m", module, *map(str, numbers)], stdout=PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def take_requests(port: int) -> list[LoggedRequest]:
    """The requests since the last call."""
    with urlopen(f"http://{host(0)}:{port}/.log") as answer:
        return [LoggedRequest(**one) for one in json.load(answer)]


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))
