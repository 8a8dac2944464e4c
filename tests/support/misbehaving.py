"""Papers on loopback, an address each, some of which misbehave: each in a way of its own.

`python -m tests.support.misbehaving PAPERS BAD ARTICLES` prints its port and serves until its end.
The first BAD papers misbehave, in turn as in WAYS; the others are those of `source_server`.
"""

import asyncio
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from tests.support.source_server import Papers, article, host, page, served_by

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
HUGE_BYTES, ATTRIBUTES, LINK_CHARACTERS = 9_900_000, 100_000, 40_000
SENTENCE = b"The harbour board met on Monday to hear how the sanctions change the trade.</p><p>"

Responder = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Misbehaviour:
    """How a paper misbehaves."""

    name: str
    outcomes: frozenset[str]
    """In which its feed or its pages may end, one at least."""
    feed: Responder | None = None
    listing: Callable[[str], bytes] | None = None
    """What its feed lists, from its address."""
    pages: Responder | None = None


async def _drip(to: asyncio.StreamWriter) -> None:
    to.write(HEAD + b"<p>")
    while True:
        to.write(b"a")
        await to.drain()
        await asyncio.sleep(0.5)


async def _hang(to: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _endless(to: asyncio.StreamWriter) -> None:
    to.write(HEAD)
    while True:
        to.write(SENTENCE * 500)
        await to.drain()


async def _huge(to: asyncio.StreamWriter) -> None:
    to.write(HEAD + b"<html lang=en><h1>Harbour board meets</h1><p>")
    for _ in range(HUGE_BYTES // len(SENTENCE) // 100):
        to.write(SENTENCE * 100)
        await to.drain()


async def _reset(to: asyncio.StreamWriter) -> None:
    to.write(HEAD + b"<p>The harb")
    await to.drain()
    opened: socket.socket = to.get_extra_info("socket")
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    to.transport.abort()


def _quadratic(root: str) -> bytes:
    """One element with so many attributes that feedparser takes minutes."""
    attributes = " ".join(f"a{number}='b'" for number in range(ATTRIBUTES))
    return f"<rss version='2.0'><channel><title {attributes}>x</title></channel></rss>".encode()


def _long_links(root: str) -> bytes:
    """A feed with links that no archive takes, beside a good one."""
    links = (f"{root}/{'a' * LINK_CHARACTERS}{n}" for n in range(3))
    items = "".join(f"<item><link>{link}</link></item>" for link in (*links, root + article(0)))
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


WAYS = (
    Misbehaviour("drip", frozenset({"left_for_later", "timed_out"}), pages=_drip),
    Misbehaviour("hang", frozenset({"timed_out"}), feed=_hang),
    Misbehaviour("endless", frozenset({"too_large"}), pages=_endless),
    Misbehaviour("huge", frozenset({"article", "page_timed_out", "page_crashed"}), pages=_huge),
    Misbehaviour(
        "quadratic", frozenset({"listing_unreadable", "left_for_later"}), listing=_quadratic
    ),
    Misbehaviour("long links", frozenset({"url_too_long"}), listing=_long_links),
    Misbehaviour("reset", frozenset({"connect_failed", "broken_response"}), pages=_reset),
)


class Misbehaving:
    """What all papers say."""

    def __init__(self, papers: int, bad: int, articles: int) -> None:
        self.papers = Papers(papers, articles)
        self._bad = bad

    async def connected(self, ask: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with suppress(OSError, asyncio.IncompleteReadError):
            while head := await ask.readuntil(b"\r\n\r\n"):
                await self._answer(head, to)
                await to.drain()
        to.close()

    async def _answer(self, head: bytes, to: asyncio.StreamWriter) -> None:
        at_host: str = to.get_extra_info("sockname")[0]
        path = head.split(b" ", 2)[1].decode("latin-1")
        normal = self.papers.answer(at_host, path, head)
        number = self.papers.numbers[at_host]
        way = WAYS[number % len(WAYS)] if number < self._bad else None
        if way is None or path in ("/.log", "/robots.txt"):
            to.write(normal)
        elif say := way.feed if path == "/feed" else way.pages:
            await say(to)
            to.close()
        elif path != "/feed" or not way.listing:
            to.write(normal)
        else:
            body = way.listing(f"http://{at_host}:{self.papers.port}")
            kind = b"Content-Type: application/rss+xml\r\nContent-Length: %d\r\n\r\n" % len(body)
            to.write(b"HTTP/1.1 200 OK\r\n" + kind + body)


async def serve(papers: int, bad: int, articles: int) -> None:
    """Serve until the process ends."""
    said = Misbehaving(papers, bad, articles)
    # The head of a request may have one of the long links.
    about = {"backlog": 1_000, "limit": 10 * LINK_CHARACTERS}
    first = await asyncio.start_server(said.connected, host(0), 0, **about)
    said.papers.port = first.sockets[0].getsockname()[1]
    rest = [host(number) for number in range(1, papers)]
    await asyncio.start_server(said.connected, rest, said.papers.port, **about)
    for paper in range(bad, papers):
        for number in range(articles):
            page(paper, number, said.papers.port)
    print(said.papers.port, flush=True)
    await asyncio.Event().wait()


def misbehaving_served(papers: int, bad: int, articles: int) -> AbstractContextManager[int]:
    """The papers in a process of their own; the value is their port."""
    return served_by("tests.support.misbehaving", papers, bad, articles)


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:])))
