"""Section pages: links that look like articles, by signs that hold for any source."""

import re
from urllib.parse import unquote, urljoin, urlsplit

from courlan import is_not_crawlable
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.collect.listings.feeds_and_sitemaps import (
    Listing,
    dated,
    entry_of,
    listing_of,
    plain_text,
    unreadable,
)
from tasks.model import Entry
from tasks.text.charsets import decode
from tasks.text.dates import day_in_url
from tasks.text.html_tree import parse_html
from tasks.text.urls import fold_url, same_site

# The Atlantic and the Washington Post have articles below `/archive/`, with a date and a headline.
_NOT_ARTICLES = re.compile(
    r"""/(?:about|accounts?|advertise|articlelist|authors?|by|careers|categor(?:y|ies)|contact
    |archives?(?!(?:/[^/]+){0,2}/(?:19|20)\d\d/\d\d?/(?:\d\d?/)?[^/]*-[^/]*-)
    |cookies|events|faq|feeds?|gallery|help|jobs|legal|log-?in|logout|membership|newsletters?
    |podcasts?|privacy|profile|register|rss(?:feeds?)?|search|sections?|shop|sign-?(?:in|up)
    |sitemap|staff|subscri(?:be|ptions?)|tags?|terms|topics?|users?|video(?:s|show)?
    |wp-(?:content|json))(?=/|$)""",
    re.VERBOSE,
)
# Extensions that are not a page's. Any other may be: `.cms`, `.ece`, `.ghtml`, `.story`.
_OTHER_FILE = re.compile(
    r"""\.(?:avif|bmp|eps|gif|heic|ico|jpe?g|png|psd|svgz?|tiff?|webp
    |aac|aiff?|flac|m3u8?|m4a|midi?|mp3|og[ag]|opus|ram?|wav|wma
    |3gp|avi|flv|m4v|mkv|mov|mp4|mpe?g|ogv|swf|webm|wmv
    |css|eot|js|map|mjs|otf|ts|ttf|woff2?
    |atom|csv|geojson|ics|json(?:ld)?|km[lz]|opml|rdf|rss|srt|tsv|txt|vcf|vtt|webmanifest
    |xml|xslt?|ya?ml
    |7z|apk|bz2|deb|dmg|exe|gz|iso|jar|msi|rar|rpm|tar|tgz|torrent|xz|zip
    |docx?|epub|mobi|od[pst]|pdf|pp[st]x?|ps|rtf|xls[mx]?)$""",
    re.VERBOSE,
)
_EXTENSION = re.compile(r"(?:\.[a-z]{2,5})+$")
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|\d\d|$)")
_NUMBERED = re.compile(r"\d{5,}")
_QUERY_NUMBER = re.compile(
    r"(?:^|&)[^=&]*(?:id|idx|no|num|nr|seq|art|article|news|release|story|p)=\w*\d{3,}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MAX_LEVELS_UP = 40  # ancestors checked for a link; no real page nests deeper


def read_section(payload: bytes, content_type: str, url: str, *, max_entries: int) -> Listing:
    """The articles that a section page links to, in page order, with their longest link text."""
    text = decode(payload, content_type)
    if text is None:
        raise unreadable("not a page: the bytes are not text")
    tree = parse_html(text)
    links: dict[str, Entry] = {}
    base = base_of(tree, url)
    for node in tree.css("a[href]"):
        if _is_furniture(node):
            continue
        heading = node.css_first("h1, h2, h3, h4, h5")
        headline = plain_text((heading or node).text(separator=" "))
        entry = entry_of(node.attributes["href"], url, base=base, headline=headline)
        if not (entry and same_site(entry.url, url) and looks_like_article(entry.url)):
            continue
        key = fold_url(entry.url)
        known = links.setdefault(key, entry)
        if len(entry.headline or "") > len(known.headline or ""):
            links[key] = entry
    texts = ((entry, entry.headline or "") for entry in links.values())
    # An ideograph counts as three letters.
    articles = (e for e, text in texts if len(text) + 2 * len(_IDEOGRAPHS.findall(text)) >= 16)
    title = tree.css_first("title")
    return listing_of("section", dated(articles), max_entries, title.text() if title else None)


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """The URL that relative links of a page are joined to."""
    node = tree.css_first("base[href]")
    try:
        return urljoin(url, (node.attributes["href"] or "").strip()) if node else url
    except ValueError:
        return url


def looks_like_article(url: str) -> bool:
    """Whether a URL looks like an article's: it contains a date, a number or a headline."""
    # Signs that hold for any source: rules for each one go stale unnoticed. They accept 433 of 446
    # addresses of news articles and 24 of 130 of listing pages, 3 of 24 on news sites (2026-11-30).
    parts = urlsplit(url)
    path = unquote(parts.path).lower()
    segments = [segment for segment in path.split("/") if segment]
    if is_no_article(url):
        return False
    if _DATED.search(path) or _QUERY_NUMBER.search(parts.query) or day_in_url(url):
        return True
    if not segments:
        return False
    # Without the extension only: `u.s-military-prepares-for-attack`.
    last, above = _EXTENSION.sub("", segments[-1]), segments[-2:-1]
    words = len(_WORD.findall(last))
    is_headline = words >= 4 or (words == 3 and len(segments) > 1)
    # `/8301-504763_162-57588012/two-words/`
    is_below_number = words == 2 and any(map(_NUMBERED.search, above))
    return bool(_NUMBERED.search(last)) or is_headline or is_below_number


def is_no_article(url: str) -> bool:
    """Whether a URL is surely no article's: a home page, a feed, a picture, pages about a tag."""
    parts = urlsplit(url)
    path = unquote(parts.path).lower()
    if not path.strip("/") and not parts.query:
        return True
    named = _NOT_ARTICLES.search(path) or _OTHER_FILE.search(path)
    return bool(named) or bool(is_not_crawlable(url))


def _is_furniture(node: LexborNode) -> bool:
    """Whether a link is in a navigation, footer or header, other than an article's own header."""
    in_header = False
    parent = node.parent
    for _ in range(_MAX_LEVELS_UP):
        if parent is None or parent.tag in ("article", "main"):
            return in_header and parent is None
        if parent.tag in ("nav", "footer"):
            return True
        in_header = in_header or parent.tag == "header"
        parent = parent.parent
    return True
