"""Scrapy and news-please on the papers of tests/support/source_server.py, in the peers' Python.

`python tests/bench/peers/run_spider.py SYSTEM PORT PAPERS ARTICLES PAUSE FOLDER` crawls once and
prints as JSON what came of it. Scrapy keeps in FOLDER what a second crawl needs to ask
for new pages alone.
"""

import json
import logging
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any


def host(number: int) -> str:
    """The address of a paper, as tests/support/source_server.py has it."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def by_scrapy(port: int, papers: int, articles: int, pause: float, folder: Path) -> int:
    """Feeds first, then the pages that were not seen before; title and paragraphs of each."""
    import scrapy
    from scrapy.crawler import CrawlerProcess

    seen_file = folder / "seen"
    seen = set(seen_file.read_text().split()) if seen_file.exists() else set()
    found: list[str] = []

    class Papers(scrapy.Spider):  # type: ignore[misc]
        name = "papers"
        start_urls = tuple(f"http://{host(number)}:{port}/feed" for number in range(papers))

        def parse(self, response: Any) -> Iterator[Any]:
            for url in response.xpath("//item/link/text()").getall():
                if url not in seen:
                    yield response.follow(url, self.parse_page)

        def parse_page(self, response: Any) -> None:
            text = "\n".join(response.css("article p::text").getall())
            if response.css("h1::text").get() and text:
                found.append(response.url)

    process = CrawlerProcess(
        {
            "AUTOTHROTTLE_ENABLED": False,
            "CONCURRENT_REQUESTS": 2 * papers,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "DOWNLOAD_DELAY": pause,
            "RANDOMIZE_DOWNLOAD_DELAY": False,
            "HTTPCACHE_DIR": str(folder / "cache"),
            "HTTPCACHE_ENABLED": True,
            "HTTPCACHE_POLICY": "scrapy.extensions.httpcache.RFC2616Policy",
            "LOG_ENABLED": False,
            "ROBOTSTXT_OBEY": True,
            "TELNETCONSOLE_ENABLED": False,
        }
    )
    process.crawl(Papers)
    process.start()
    seen_file.write_text("\n".join(seen.union(found)))
    return len(found)


def by_newsplease(port: int, papers: int, articles: int, pause: float, folder: Path) -> int:
    """Pages alone: it is given their addresses, a page a paper at a time, and the pause between.

    As a library it reads neither robots.txt nor feeds, and has no pause of its own.
    """
    from newsplease import NewsPlease

    logging.disable(logging.CRITICAL)
    found = 0
    for number in range(articles):
        urls = [f"http://{host(paper)}:{port}/news/{number}-story.html" for paper in range(papers)]
        got = NewsPlease.from_urls(urls, request_args={"timeout": 60}, fetch_images=False)
        found += sum(bool(article and article.maintext) for article in got.values())
        time.sleep(pause)
    return found


def main(system: str, *given: str) -> None:
    """Crawl once."""
    port, papers, articles = map(int, given[:3])
    crawl = {"scrapy": by_scrapy, "news-please": by_newsplease}[system]
    records = crawl(port, papers, articles, float(given[3]), Path(given[4]))
    print(json.dumps({"version": version(system), "records": records}))


if __name__ == "__main__":
    main(*sys.argv[1:])
