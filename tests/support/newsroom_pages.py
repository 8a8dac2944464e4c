"""What made newsrooms say: listings in all forms, and pages of articles."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tests.support.source_server import WORDS

Form = Literal["rss", "atom", "sitemap", "section"]
KEYS: dict[Form, str] = {
    "rss": "feeds",
    "atom": "feeds",
    "sitemap": "sitemaps",
    "section": "sections",
}
"""The key of sources.toml under which a listing of each form stands."""


@dataclass(frozen=True)
class Listed:
    """An entry of a listing; a section page does not say its date."""

    url: str
    title: str
    published_at: datetime
    is_dated: bool = True


def headline(dice: random.Random) -> str:
    """Some words in lower case."""
    return " ".join(dice.sample(WORDS, 8)).lower()


def paragraph(dice: random.Random) -> str:
    """Three sentences of thirteen words."""
    lines = (f"{' '.join(dice.sample(WORDS, 12))} {dice.randrange(10_000)}" for _ in range(3))
    return " ".join(f"{line.capitalize()}." for line in lines)


def listing(form: Form, source_id: str, entries: Sequence[Listed]) -> tuple[str, str]:
    """Content type and text of a listing."""
    if form == "section":
        links = "".join(f'<li><a href="{one.url}">{one.title}</a></li>' for one in entries)
        return "text/html", f"<html><body><main><ul>{links}</ul></main></body></html>"
    if form == "sitemap":
        return _sitemap(entries)
    if form == "atom":
        items = "".join(
            f'<entry><title>{one.title}</title><id>{one.url}</id><link href="{one.url}"/>'
            f"<published>{one.published_at.isoformat()}</published></entry>"
            for one in entries
        )
        about = 'xmlns="http://www.w3.org/2005/Atom"'
        return "application/atom+xml", f"<feed {about}><title>t</title>{items}</feed>"
    items = "".join(
        f"<item><title>{one.title}</title><link>{one.url}</link>"
        + f"<pubDate>{one.published_at:%a, %d %b %Y %H:%M:%S %z}</pubDate>" * one.is_dated
        + "</item>"
        for one in entries
    )
    about = f"<title>{source_id}</title>"
    return "application/rss+xml", f'<rss version="2.0"><channel>{about}{items}</channel></rss>'


def _sitemap(entries: Sequence[Listed]) -> tuple[str, str]:
    items = "".join(
        f"<url><loc>{one.url}</loc><n:news><n:publication_date>{one.published_at.isoformat()}"
        f"</n:publication_date><n:title>{one.title}</n:title></n:news></url>"
        for one in entries
    )
    spaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    return "application/xml", f"<urlset {spaces}>{items}</urlset>"


def article_page(source_id: str, about: Listed, paragraphs: Iterable[str]) -> str:
    """An article with the furniture that pages of papers have."""
    date = f'<meta property="article:published_time" content="{about.published_at.isoformat()}">'
    links = "".join(f'<li><a href="/section/{word}">{word}</a></li>' for word in WORDS[:12])
    text = "".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><title>{about.title}</title>'
        f"{date * about.is_dated}"
        f'<link rel="canonical" href="{about.url}"></head><body>'
        f"<header><nav><ul>{links}</ul></nav></header><main><article><h1>{about.title}</h1>"
        f"<p class='byline'>By Ann Made</p>{text}</article>"
        "<div class='newsletter'>Sign up for our newsletter and never miss a story.</div>"
        f"</main><footer>All rights reserved, {source_id}</footer></body></html>"
    )
