"""The places of a page where its metadata stand, each read once."""

from functools import cached_property
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.extract import jsonld
from tasks.extract.headlines import letters
from tasks.extract.jsonld import Structured, first_text
from tasks.markup import one_line

LONGEST = 3000
"""Characters taken of one meta element, title or heading."""


class Page:
    """A parsed page, and what its head and its headings hold.

    Args:
        tree: the parsed page.
        url: where it came from; a `file:` URL or nothing when unknown.
        timezone: IANA zone of times written without one.
    """

    def __init__(self, tree: LexborHTMLParser, url: str, timezone: str = "UTC") -> None:
        self.tree, self.url, self.timezone = tree, url, timezone
        self.meta = _metas(tree)

    def first(self, *names: str) -> str | None:
        """The first of the named meta elements that says anything."""
        return next((self.meta[name] for name in names if self.meta.get(name)), None)

    @cached_property
    def declared(self) -> str | None:
        """The canonical URL the page claims."""
        for link in self.tree.css("link[rel=canonical]"):
            if href := link.attributes.get("href"):
                return _joined(self.url, href.strip())
        claimed = self.meta.get("og:url")
        return _joined(self.url, claimed) if claimed else None

    @cached_property
    def title(self) -> str:
        """The title element's text."""
        title = self.tree.css_first("head > title") or self.tree.css_first("title")
        return text_of(title)[:LONGEST] if title else ""

    @cached_property
    def headings(self) -> list[str]:
        """The page's h1 elements that have a text."""
        texts = (text_of(node)[:LONGEST] for node in self.tree.css("h1")[:10])
        return [text for text in texts if text]

    @cached_property
    def structured(self) -> Structured:
        """The page's JSON-LD."""
        scripts = self.tree.css('script[type*="ld+json" i]')
        urls = [self.url, self.declared or "", self.meta.get("og:url", "")]
        titles = [*self.headings, self.meta.get("og:title", ""), self.title]
        return jsonld.read_blocks([s.text() or "" for s in scripts[:60]], urls, titles)

    def stated(self, key: str) -> object:
        """What JSON-LD's article says under a key, else its page."""
        return self.structured.article.get(key) or self.structured.page.get(key)

    @cached_property
    def named_language(self) -> str:
        """The language that the html element names, lower case, with its region."""
        root = self.tree.css_first("html")
        said = root.attributes if root else {}
        return (said.get("lang") or said.get("xml:lang") or "").strip().lower()

    @cached_property
    def names(self) -> frozenset[str]:
        """Letters of the paper's names."""
        host = _host(self.url)
        publisher = self.structured.resolve(self.stated("publisher"))
        given = [
            self.meta.get("og:site_name"),
            self.meta.get("application-name"),
            first_text(publisher),
        ]
        hosts = [host, host.removeprefix("www."), host.removeprefix("www.").rpartition(".")[0]]
        return frozenset(letters(name) for name in [*given, *hosts] if name) - {""}


def text_of(node: LexborNode) -> str:
    """The text of an element, on one line."""
    return one_line(node.text(deep=True, separator=" ") or "")


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    """The page's meta elements by lower-case name; the first of a name counts."""
    found: dict[str, str] = {}
    for node in tree.css("meta"):
        said = node.attributes
        name = (
            said.get("property")
            or said.get("name")
            or said.get("itemprop")
            or said.get("http-equiv")
        )
        text = one_line((said.get("content") or "")[:LONGEST])
        if name and text:
            found.setdefault(name.strip().lower(), text)
    return found


def _joined(base: str, url: str) -> str | None:
    try:
        joined = urljoin(base, url) if base.startswith("http") else url
        return joined if urlsplit(joined).scheme in ("http", "https") else None
    except ValueError:
        return None


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "") if url.startswith("http") else ""
    except ValueError:
        return ""
