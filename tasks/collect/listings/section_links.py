"""Section pages: links that look like articles, by signs that hold at any paper."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urljoin, urlsplit

from courlan.filters import extension_filter, is_not_crawlable
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.collect.listings.listings import (
    Listing,
    NoListing,
    distinct,
    entry_of,
    plain,
    unreadable,
)
from tasks.model import Entry
from tasks.text.charsets import decode
from tasks.text.html_tree import parse_html
from tasks.text.urls import fold, same_site

_NOT_ARTICLES = re.compile(
    r"""/(?:about|accounts?|advertise|archives?|authors?|by|careers|categor(?:y|ies)|contact
    |cookies|events|faq|feeds?|gallery|help|jobs|legal|log-?in|logout|membership|newsletters?
    |podcasts?|privacy|profile|register|rss|search|sections?|shop|sign-?(?:in|up)|sitemap|staff
    |subscri(?:be|ptions?)|tags?|terms|topics?|users?|videos?|wp-(?:content|json))(?=/|$)""",
    re.VERBOSE,
)
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|\d\d|$)")
_NUMBERED = re.compile(r"\d{5,}")
_QUERY_NUMBER = re.compile(r"(?:^|&)[^=&]*(?:id|no|art|p)=\w*\d{3,}", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DEEPEST = 40
"""Ancestors looked at for a link; nesting beyond is no paper's."""


def read_section(
    payload: bytes, content_type: str, url: str, *, max_entries: int
) -> Listing | NoListing:
    """The articles a section page links to, in page order, under their longest link text."""
    text = decode(payload, content_type)
    if text is None:
        return unreadable("no page: the bytes are no text")
    tree = parse_html(text)
    links: dict[str, Entry] = {}
    for entry in _links(tree, url):
        key = fold(entry.url)
        known = links.setdefault(key, entry)
        if len(entry.headline or "") > len(known.headline or ""):
            links[key] = entry
    articles = (entry for entry in links.values() if _says_enough(entry.headline or ""))
    title = tree.css_first("title")
    return Listing(
        "section", distinct(articles, max_entries), title=plain(title.text() if title else None)
    )


def looks_like_article(url: str) -> bool:
    """Whether a URL has the shape of an article's: a date, a number, or a headline in it."""
    parts = urlsplit(url)
    path = unquote(parts.path).lower()
    segments = [segment for segment in path.split("/") if segment]
    if not segments and not parts.query:
        return False
    if _NOT_ARTICLES.search(path) or is_not_crawlable(url):
        return False
    if not extension_filter(parts.path) or parts.path.endswith((".xml", ".txt")):
        return False
    if _DATED.search(path) or _QUERY_NUMBER.search(parts.query):
        return True
    return bool(segments) and _is_headline(segments)


def _is_headline(segments: list[str]) -> bool:
    last = segments[-1]
    words = len(_WORD.findall(last.partition(".")[0]))
    return bool(_NUMBERED.search(last)) or words >= 4 or (words == 3 and len(segments) > 1)


def _links(tree: LexborHTMLParser, url: str) -> Iterator[Entry]:
    base = _base(tree, url)
    for node in tree.css("a[href]"):
        if not _is_furniture(node):
            entry = entry_of(node.attributes["href"], url, base=base, headline=_headline(node))
            if entry and same_site(entry.url, url) and looks_like_article(entry.url):
                yield entry


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    try:
        return urljoin(url, (node.attributes["href"] or "") if node else "")
    except ValueError:
        return url


def _is_furniture(node: LexborNode) -> bool:
    """Whether a link stands in navigation, footer or header, an article's own header aside."""
    in_header = False
    parent = node.parent
    for _ in range(_DEEPEST):
        if parent is None or parent.tag in ("article", "main"):
            return in_header and parent is None
        if parent.tag in ("nav", "footer"):
            return True
        in_header = in_header or parent.tag == "header"
        parent = parent.parent
    return True


def _headline(node: LexborNode) -> str | None:
    heading = node.css_first("h1, h2, h3, h4, h5")
    return plain((heading or node).text(separator=" "))


def _says_enough(text: str) -> bool:
    return len(text) + 2 * len(_IDEOGRAPHS.findall(text)) >= 16
