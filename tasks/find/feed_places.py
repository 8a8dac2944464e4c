"""Where a site may list its articles: what its pages link to, and the usual places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.collect.listings.feeds_and_sitemaps import plain_text
from tasks.collect.listings.section_links import base_of, looks_like_article
from tasks.text.urls import fold_url, is_http, registrable_domain, same_site

USUAL_FEEDS = (
    *("/feed", "/rss.xml", "/rss", "/feed.xml", "/atom.xml", "/index.xml", "/feeds", "/feeds/all"),
    *("/?feed=rss2", "/?format=rss", "/?format=feed&type=rss", "/index.rdf", "/feed.json"),
)
USUAL_HOSTS = ("feeds", "rss", "feed")  # below the site's own domain

# `application/json` is not among them: WordPress links its interface under it.
_FEED_TYPE = re.compile(r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)")
_XML_TYPES = ("text/xml", "application/xml")
_FEED_PATH = re.compile(
    r"""/(?:rss|feeds?|atom|rdf|xml-?feeds?|rss-?feeds?)(?:[\d._-]\w*)*(?=/|$)
    | \.(?:rss|atom|rdf)$ | (?:rss|feed|atom|index|news|headlines|top|latest)[\w-]*\.xml$""",
    re.VERBOSE | re.IGNORECASE,
)
_FEED_QUERY = re.compile(
    r"(?:^|&)(?:format|feed|type|output|outputtype|alt|mode)=(?:rss\d*|rdf|atom|feed|xml)\b", re.I
)
_FEED_TEXT = re.compile(r"\b(?:rss|atom|feeds?|syndication)\b", re.IGNORECASE)
_FEED_HOST = re.compile(r"(?:feeds?|feedburner|rss)\d*\.", re.IGNORECASE)
# wp-json, oEmbed, the sitemap of images, and readers that are given the feed: feedly.com/...?url=
_NO_FEED = re.compile(
    r"/wp-json|oembed|sitemap|opensearch|\.(?:js|css|png|jpe?g|svg|ico|pdf)$", re.I
)
_COMMENTS = re.compile(r"/comments/(?:feed|rss|atom|default)|/(?:feed|rss)/comments|wp-commentsrss")
_NO_SECTION = re.compile(
    r"""/(?:about|accounts?|advertis\w*|archives?|authors?|careers|contact|cookies?|donate|e-?paper
    |events|faq|help|impressum|jobs|kontakt|legal|log-?in|membership|newsletters?|podcasts?|privacy
    |profile|register|search|shop|sign-?(?:in|up)|sitemap|staff|subscri\w*|terms|users?|videos?
    |wp-\w+)(?=/|$)""",
    re.VERBOSE | re.IGNORECASE,
)
USUAL = "usual place"  # the `found_by` of a guess
MAX_LINKED = 60  # feeds that one page links to; of more, the first


@dataclass(frozen=True, slots=True)
class Place:
    """A URL that may list articles."""

    url: str
    found_by: str  # what named it, such as "linked from https://..."


def start_urls(asked: str) -> list[str]:
    """URLs under which a site may answer, by what a person wrote."""
    asked = asked.strip()
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", asked):
        return [asked]
    bare = asked.removeprefix("www.")
    hosts = [asked] if asked != bare else [asked, f"www.{asked}"]
    return [f"{scheme}://{host}" for host in hosts for scheme in ("https", "http")]


def subdomains(site: str) -> Iterator[Place]:
    """Hosts below a site's domain at which feeds may be."""
    domain, parts = registrable_domain(site), urlsplit(site)
    if domain and ":" not in domain and not domain.replace(".", "").isdigit():
        port = f":{parts.port}" if parts.port else ""
        for name in USUAL_HOSTS:
            yield Place(f"{parts.scheme}://{name}.{domain}{port}/", USUAL)


def feeds_of_page(tree: LexborHTMLParser, url: str) -> list[Place]:
    """Feeds that a page declares, then what it links to that may be one or a page of them."""
    base = base_of(tree, url)
    declared = []
    for node in tree.css("link[href]"):
        kind = (node.attributes.get("type") or "").split(";")[0].strip().lower()
        rel = (node.attributes.get("rel") or "").lower().split()
        # Some pages leave rel out, or write "feed" there.
        is_feed = kind in _XML_TYPES and ("alternate" in rel or "feed" in rel)
        if kind == "application/json":
            is_feed = "feed" in (node.attributes["href"] or "").lower()
        if (is_feed or _FEED_TYPE.fullmatch(kind)) and (target := _target(node, base)):
            declared.append((target, "declared by"))
    found: dict[str, Place] = {}
    for target, how in (*declared, *_linked_feeds(tree, base, url)):
        if not _NO_FEED.search(urlsplit(target).path):
            found.setdefault(fold_url(target), Place(target, f"{how} {url}"))
    return list(found.values())[:MAX_LINKED]


def sections_of_page(tree: LexborHTMLParser, url: str) -> list[Place]:
    """Pages of the site that a page links to and that may have a feed of their own."""
    base = base_of(tree, url)
    found: dict[str, Place] = {}
    for node in (*tree.css("nav a[href], header a[href]"), *tree.css("a[href]")):
        target = _target(node, base)
        path = urlsplit(target).path if target else ""
        parts = [part for part in path.split("/") if part]
        is_section = 1 <= len(parts) <= 2 and not looks_like_article(target)
        if is_section and same_site(target, url) and not urlsplit(target).query:
            if _NO_SECTION.search(path) or _FEED_PATH.search(path) or "." in parts[-1]:
                continue
            found.setdefault(fold_url(target), Place(target, f"section linked from {url}"))
    found.pop(fold_url(url), None)
    return list(found.values())


def is_of_comments(url: str) -> bool:
    """Whether a feed is one of readers' comments by its URL."""
    return bool(_COMMENTS.search(urlsplit(url).path.lower()))


def _linked_feeds(tree: LexborHTMLParser, base: str, url: str) -> Iterator[tuple[str, str]]:
    for node in tree.css("a[href]"):
        target = _target(node, base)
        if not target:
            continue
        parts = urlsplit(target)
        is_own = same_site(target, url)
        is_feed_host = bool(_FEED_HOST.match(parts.hostname or ""))
        says_feed = bool(_FEED_PATH.search(parts.path) or _FEED_QUERY.search(parts.query))
        if is_own and not says_feed and not is_feed_host:
            # <a href="/latest.php"><img alt="RSS"></a>
            image = node.css_first("img[alt]")
            alt = image.attributes["alt"] if image else None
            title = node.attributes.get("title")
            text = " ".join(filter(None, (plain_text(node.text()), alt, title)))
            says_feed = len(text) < 60 and bool(_FEED_TEXT.search(text))
        if is_feed_host or (is_own and says_feed):
            yield target, "linked from"


def _target(node: LexborNode, base: str) -> str:
    """The URL of a link; empty if it is not http(s)."""
    try:
        link = (node.attributes["href"] or "").strip()
        # feed:https://... and feed://..., which feed readers once accepted
        link = re.sub(r"^feed:(?=https?:)", "", re.sub(r"^feed://", "https://", link))
        target = urljoin(base, link).partition("#")[0]
    except ValueError:
        return ""
    return target if is_http(target) else ""
