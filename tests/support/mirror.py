"""A mirror on loopback of every address of the collections: made listings and articles.

Each host of an address has an address of its own on loopback; paths stay as they are. A feed or
sitemap and its articles are in the language of the source that names it.
"""

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from tasks.sources.source import Source
from tests.support.loopback import http
from tests.support.mirror_texts import SENTENCES
from tests.support.newsroom_pages import Form, Listed, article_page, listing
from tests.support.ports import free_port
from tests.support.source_server import Connection

ENTRIES, PARAGRAPHS = 3, 4
ROBOTS = b"User-agent: *\nDisallow: /private/\n"


class Mirror:
    """What is served, and who was asked for what."""

    def __init__(self, sources: Sequence[Source], port: int) -> None:
        hosts = sorted({urlsplit(url).netloc for one in sources for url in one.listings})
        self.addresses = {
            host: f"127.9.{1 + number // 250}.{1 + number % 250}"
            for number, host in enumerate(hosts)
        }
        self.port = port
        self.asked: dict[str, list[str]] = defaultdict(list)
        """Paths by loopback address, in order."""
        self._listings: dict[tuple[str, str], tuple[Form, str]] = {}
        for one in sources:
            forms: dict[str, Form] = dict.fromkeys(one.feeds, "rss")
            for url, form in (forms | dict.fromkeys(one.sitemaps, "sitemap")).items():
                place = urlsplit(url)
                self._listings[self.addresses[place.netloc], path_of(place)] = form, one.language

    def url(self, original: str) -> str:
        """Where the mirror of an address is."""
        place = urlsplit(original)
        return f"http://{self.addresses[place.netloc]}:{self.port}{path_of(place)}"

    def answer(self, at_host: str, path: str, _head: bytes) -> bytes:
        """The whole response."""
        self.asked[at_host].append(path)
        if path == "/robots.txt":
            return http(ROBOTS, Content_Type="text/plain")
        if path.startswith("/article/"):
            language, number = path.split("/")[2:4]
            page = self._page(at_host, language, int(number))
            return http(page.encode(), Content_Type="text/html; charset=utf-8")
        if (at_host, path) not in self._listings:
            return http(b"nothing here", "404 Not Found")
        form, language = self._listings[at_host, path]
        entries = [self._entry(at_host, language, number) for number in range(ENTRIES)]
        content_type, text = listing(form, language, entries)
        return http(text.encode(), Content_Type=content_type)

    def _entry(self, host: str, language: str, number: int) -> Listed:
        url = f"http://{host}:{self.port}/article/{language}/{number}/ministers-met-on-monday"
        at = datetime.now(UTC) - timedelta(hours=number + 1)
        return Listed(url, f"{SENTENCES[language][:70]} {number}", at)

    def _page(self, host: str, language: str, number: int) -> str:
        end = "。" if language in ("ja", "zh") else "."
        paragraphs = (
            " ".join(f"{SENTENCES[language]} {100 * number + 10 * row + n}{end}" for n in range(4))
            for row in range(PARAGRAPHS)
        )
        page = article_page("mirror", self._entry(host, language, number), paragraphs)
        return page.replace('lang="en"', f'lang="{language}"')


def path_of(place: SplitResult) -> str:
    """Path and query."""
    return (place.path or "/") + (f"?{place.query}" if place.query else "")


@contextmanager
def mirrored(sources: Sequence[Source]) -> Iterator[Mirror]:
    """The addresses of these sources, served from a thread."""
    mirror, loop = Mirror(sources, free_port()), asyncio.new_event_loop()
    hosts = [*mirror.addresses.values()]
    server = loop.run_until_complete(
        loop.create_server(lambda: Connection(mirror), hosts, mirror.port)
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def write_mirrored(path: Path, sources: Sequence[Source], mirror: Mirror) -> None:
    """A sources.toml with the mirror's addresses in place of theirs, and no pauses."""
    path.write_text("\n".join(_entry(one, mirror) for one in sources), encoding="utf-8")


def _entry(source: Source, mirror: Mirror) -> str:
    values = {
        "id": source.id,
        "name": source.name,
        "language": source.language,
        "timezone": source.timezone,
        "feeds": [*map(mirror.url, source.feeds)],
        "sitemaps": [*map(mirror.url, source.sitemaps)],
    }
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    return f"[[source]]\n{''.join(lines)}min_interval_seconds = 0\nallow_private_hosts = true\n"
