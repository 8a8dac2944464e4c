"""The sample newsroom's listings: feeds, news sitemaps, robots.txt."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from newsroom_articles import COURIER, LEDGER, SHIMBUN, TAGEBLATT
from newsroom_pages import Page, Site, render_listing

START = datetime(2026, 10, 26, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """One link of a listing."""

    url: str
    title: str
    summary: str
    published: datetime | None
    section: str = ""
    author: str = ""

    @property
    def rfc822(self) -> str:
        """Publication time as RSS prints it."""
        return format_datetime(self.published) if self.published else ""

    @property
    def iso(self) -> str:
        """Publication time as Atom and JSON Feed print it."""
        return self.published.isoformat() if self.published else ""


def items(site: Site, listing: str) -> list[Item]:
    """What a listing (feed, sitemap, more) of a paper names: articles first, then specials."""
    return [*_article_items(site, listing), *_special_items(site, listing)]


def _article_items(site: Site, listing: str) -> Iterator[Item]:
    for article in site.articles:
        if listing in article.listed.split():
            yield Item(
                site.url(article),
                article.headline,
                article.standfirst,
                article.published_at,
                article.section,
                ", ".join(article.author_names),
            )


def _special_items(site: Site, listing: str) -> Iterator[Item]:
    for special in site.specials:
        if listing in special["listed"].split():
            published = special.get("published")
            yield Item(
                site.root + special["path"],
                special["title"],
                special.get("summary", ""),
                datetime.fromisoformat(published) if published else None,
            )


def site_listings(site: Site) -> dict[str, Page]:
    """The listings of a paper by path, robots.txt included."""
    return {"/robots.txt": _robots(site), **LISTINGS[site.paper.id](site)}


def _robots(site: Site) -> Page:
    lines = ["User-agent: *", f"Crawl-delay: {site.paper.crawl_delay}"]
    lines += [f"Disallow: {path}" for path in site.paper.disallow] or ["Disallow:"]
    return Page(("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8")


def _courier(site: Site) -> dict[str, Page]:
    return {
        "/feed.xml": _xml(site, "rss", "feed", "application/rss+xml"),
        "/news-sitemap.xml": _xml(site, "news-sitemap", "sitemap", "application/xml"),
    }


def _tageblatt(site: Site) -> dict[str, Page]:
    return {"/feed.atom": _xml(site, "atom", "feed", "application/atom+xml")}


def _shimbun(site: Site) -> dict[str, Page]:
    child = _xml(site, "news-sitemap", "sitemap", "application/xml")
    zipped = gzip.compress(child.body, mtime=0)
    return {
        "/feed.json": _json_feed(site),
        "/rss/latest.rdf": _xml(site, "rdf", "rdf", "application/rdf+xml"),
        "/sitemap.xml": _xml(site, "sitemap-index", "sitemap", "application/xml"),
        "/sitemaps/news-1.xml.gz": Page(zipped, "application/gzip", child.modified),
    }


def _ledger(site: Site) -> dict[str, Page]:
    return {"/feed.json": _json_feed(site)}


LISTINGS: dict[str, Callable[[Site], dict[str, Page]]] = {
    COURIER.id: _courier,
    TAGEBLATT.id: _tageblatt,
    SHIMBUN.id: _shimbun,
    LEDGER.id: _ledger,
}


def _xml(site: Site, template: str, listing: str, content_type: str) -> Page:
    listed = items(site, listing)
    latest = _latest(listed)
    text = render_listing(site, template, items=listed, latest=latest)
    return Page(text.encode(), f"{content_type}; charset=utf-8", latest)


def _json_feed(site: Site) -> Page:
    listed = items(site, "feed")
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.paper.name,
        "home_page_url": site.root + "/",
        "feed_url": site.root + "/feed.json",
        "language": site.paper.language,
        "items": [_json_item(item) for item in listed],
    }
    body = json.dumps(feed, ensure_ascii=False, indent=1).encode()
    return Page(body, "application/feed+json; charset=utf-8", _latest(listed))


def _json_item(item: Item) -> dict[str, str]:
    fields = {
        "id": item.url,
        "url": item.url,
        "title": item.title,
        "summary": item.summary,
        "date_published": item.iso,
    }
    return {name: value for name, value in fields.items() if value}


def _latest(listed: list[Item]) -> datetime:
    return max((item.published for item in listed if item.published), default=START)
