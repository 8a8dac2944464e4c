"""One made site, and what its answers are made of."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.loopback import Answer, http
from tests.support.made_feeds import atom, page, rss


@dataclass(frozen=True)
class Site:
    """One site: what it answers, the listings that have to be found, and outcomes to be named."""

    shape: str
    answers: dict[str, Answer]  # by path, or by host and path
    wanted: str  # paths, or hosts and paths, of the listings to be taken, with spaces between
    outcomes: dict[str, str] = field(default_factory=dict)  # by path, or by host and path
    address: str = ""  # what a person types; the host if not given

    @property
    def host(self) -> str:
        """The site's own host."""
        return f"{self.shape}-gazette.com"


def declares(href: str, kind: str = "application/rss+xml") -> str:
    """A link that declares a feed."""
    return f"<link rel='alternate' type='{kind}' href='{href}'>"


def xml(body: bytes, kind: str = "application/xml") -> bytes:
    """An answer that is a feed or a sitemap."""
    return http(body, Content_Type=kind)


def robots(*lines: str) -> bytes:
    """An answer that is a robots.txt."""
    return http("\n".join(lines).encode(), Content_Type="text/plain")


def silent(conn: socket.socket) -> None:
    """Says nothing until the other side goes away."""
    conn.recv(1)


HOME = http(page(body="<p>Welcome.</p>"))
FEED = xml(rss(), "application/rss+xml")
CLEAN = http(b"gone", "404 Not Found")


def at(path: str) -> dict[str, Answer]:
    return {"/": HOME, path: FEED}


def declared(
    path: str, answer: Answer, href: str = "", kind: str = "application/rss+xml"
) -> dict[str, Answer]:
    return {"/": http(page(declares(href or path, kind))), path: answer}


def many(prefix: str) -> dict[str, Answer]:
    return {f"{prefix}/{n}.xml": xml(rss(first=100 * n)) for n in range(8)}


def soft_404() -> Iterator[tuple[str, Answer]]:
    missing = http(page(body="<h1>Sorry, this page is gone</h1>"))
    for path in (
        "/feed",
        "/rss.xml",
        "/rss",
        "/feed.xml",
        "/index.xml",
        "/feeds",
        "/news-sitemap.xml",
    ):
        yield path, missing
    yield from {"/": HOME, "/sitemap.xml": missing, "/atom.xml": xml(atom())}.items()
