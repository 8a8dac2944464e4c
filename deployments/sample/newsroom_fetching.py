"""Fetching from a paper as it was at a moment: without a network, by the product's own code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from http import HTTPStatus
from urllib.parse import urlsplit

from newsroom import etag as page_etag
from newsroom import http_time
from newsroom_listings import site_listings
from newsroom_pages import Page, Site, page_at

from tasks.collect.fetch.request import request_headers
from tasks.http.response import read_content, recorded
from tasks.model import Attempt, CaptureKind, Exchange, Outcome
from tasks.text.urls import fold_url
from warehouse.layers.layout import Layout
from warehouse.read.known_urls import KnownUrls

AGENT = "Presswatch/demo"


@dataclass
class PastClient:
    """Fetches from a paper as it was at a moment: a `Client` without a network."""

    site: Site
    now: datetime
    is_down: bool  # its host
    collected: set[str]
    """Folded URLs of pages; requested ones are added."""

    def get(
        self,
        url: str,
        *,
        kind: CaptureKind,
        etag: str | None = None,
        last_modified: str | None = None,
        **_: object,
    ) -> Attempt:
        """The paper's response, with the bytes as on the wire."""
        self.now += timedelta(seconds=1)
        answered = partial(Attempt, kind, url, url, attempted_at=self.now, seconds=0.05)
        if self.is_down:
            return answered(Outcome.CONNECT_FAILED, detail=f"{url}: connection refused")
        if kind is CaptureKind.PAGE:
            self.collected.add(fold_url(url))
        page = self.listings.get(urlsplit(url).path) or page_at(self.site, urlsplit(url).path)
        is_known = page.modified is not None and etag == page_etag(page)
        response, status = _response(page, is_known), 304 if is_known else page.status
        content = read_content(recorded(response), len(response), kind, is_conditional=is_known)
        request = _request(url, request_headers(AGENT, kind, etag, last_modified))
        return answered(
            content.outcome,
            detail=f"{url}: {content.detail}" if content.detail else "",
            status=status,
            content_type=page.content_type,
            etag=page_etag(page) if page.modified else None,
            last_modified=http_time(page.modified) if page.modified else None,
            payload=content.body,
            exchanges=(Exchange(url, request, response, "127.0.0.1", self.now),),
        )

    def sitemaps(self, site: str, **_: object) -> tuple[str, ...]:
        """The sitemaps that robots.txt names: none."""
        return ()

    @cached_property
    def listings(self) -> dict[str, Page]:
        """The listings by path."""
        return site_listings(self.site)


def _request(url: str, headers: Mapping[str, str]) -> bytes:
    parts = urlsplit(url)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode()


def _response(page: Page, is_known: bool) -> bytes:
    status = 304 if is_known else page.status
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    if page.modified:
        lines += [f"ETag: {page_etag(page)}", f"Last-Modified: {http_time(page.modified)}"]
    if not is_known:
        lines += [f"Content-Type: {page.content_type}", f"Content-Length: {len(page.body)}"]
    return "\r\n".join((*lines, "", "")).encode() + (b"" if is_known else page.body)


class PastUrls(KnownUrls):
    """The URLs that earlier polls of the source have collected."""

    def __init__(self, collected: set[str]) -> None:
        super().__init__()
        self.collected = collected

    def among(self, layout: Layout, folded_urls: Iterable[str]) -> dict[str, frozenset[str]]:
        """Those of the folded URLs that are known."""
        return dict.fromkeys(self.collected.intersection(folded_urls), frozenset())
