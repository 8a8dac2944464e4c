"""Peers that read WARC files, in the peers' Python.

`python tests/bench/peers/run_warc.py SYSTEM FOLDER`

FOLDER is laid out as Common Crawl's server is, with two files; each is read in a process of its
own. Prints as JSON what was read and how long it took, imports and processes' start included.
`takes` as SYSTEM prints which pages fundus has a parser for. Nothing but loopback is asked.
"""

import json
import logging
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

BEGUN = time.perf_counter()
MONTH = "crawl-data/CC-NEWS/2026/08"
Counts = tuple[int, int]
"""Pages read, records made."""


def stay_here(event: str, values: tuple[Any, ...]) -> None:
    """An audit hook: whoever looks up or calls another machine fails."""
    if event == "socket.getaddrinfo" and values[0] not in ("127.0.0.1", "localhost", None):
        raise OSError(f"not asked for: {values[0]}")
    if event == "socket.connect" and isinstance(values[1], tuple) and values[1][0] != "127.0.0.1":
        raise OSError(f"not connected: {values[1]}")


def by_trafilatura(path: Path) -> Counts:
    """The texts and metadata of a file's pages, read by fastwarc."""
    from fastwarc import ArchiveIterator, WarcRecordType
    from trafilatura import bare_extraction

    pages = records = 0
    with path.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response):
            url = record.headers["WARC-Target-URI"]
            found = bare_extraction(record.reader.read(), url=url, with_metadata=True)
            pages, records = pages + 1, records + bool(found and found.text)
    return pages, records


def by_newsplease(path: Path) -> Counts:
    """A file as its extractor for Common Crawl reads it, which would fetch the file first."""
    from newsplease.crawler import commoncrawl_crawler

    found: list[bool] = []
    ended: list[int] = []
    extractor = commoncrawl_crawler.CommonCrawlExtractor()
    own = {
        "callback_on_article_extracted": lambda article: found.append(bool(article.maintext)),
        "callback_on_warc_completed": lambda path, *counts: ended.append(counts[-1]),
        "continue_after_error": True,
        "delete_warc_after_extraction": False,
    }
    for name, value in own.items():
        setattr(extractor, f"_CommonCrawlExtractor__{name}", value)
    logging.disable(logging.CRITICAL)
    getattr(extractor, "_CommonCrawlExtractor__process_warc_gz_file")(str(path))  # noqa: B009
    return ended[0], sum(found)


def by_fundus(folder: Path) -> Counts:
    """The articles that its reader for Common Crawl gives, in two processes."""
    from fundus import CCNewsCrawler, PublisherCollection
    from fundus.scraping import crawler

    # It waits up to 3 s before it asks Common Crawl's server for a file.
    crawler.random_sleep = lambda func, between: func
    with served(folder) as address:
        found = CCNewsCrawler(
            *PublisherCollection,
            start=datetime(2026, 8, 1),  # noqa: DTZ001 - it compares without zones
            end=datetime(2026, 8, 31),  # noqa: DTZ001
            processes=2,
            disable_tqdm=True,
            server_address=address,
        )
        records = sum(1 for _ in found.crawl(only_unique=False))
    return 0, records


def taken_by_fundus(folder: Path) -> list[str]:
    """URLs of the pages whose publisher fundus knows and which it does not pass over."""
    from fundus import PublisherCollection
    from fundus.scraping.html import CCNewsSource

    with served(folder) as address:
        sources = [
            CCNewsSource(*PublisherCollection, warc_path=f"{address}{MONTH}/{path.name}")
            for path in files(folder)
        ]
        return [page.requested_url for source in sources for page in source.fetch()]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a web server on loopback; the value is its address."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: Any) -> None:
        pass


def files(folder: Path) -> list[Path]:
    """The two WARC files."""
    return sorted((folder / MONTH).glob("*.warc.gz"))


FILE_BY_FILE: dict[str, Callable[[Path], Counts]] = {
    "trafilatura": by_trafilatura,
    "news-please": by_newsplease,
}


def read(system: str, folder: Path) -> Counts:
    """Pages and records of both files, in two processes."""
    if system == "fundus":
        return by_fundus(folder)
    with ProcessPoolExecutor(2) as pool:
        pages, records = zip(*pool.map(FILE_BY_FILE[system], files(folder)), strict=True)
    return sum(pages), sum(records)


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(system: str, folder: Path) -> None:
    """Print the figures of one system."""
    sys.addaudithook(stay_here)
    if system == "takes":
        print(json.dumps({"urls": taken_by_fundus(folder)}))
        return
    pages, records = read(system, folder)
    wall = time.perf_counter() - BEGUN
    said = {"version": version(system), "pages": pages, "records": records}
    print(json.dumps({**said, "wall": wall, "cpu": cpu()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
