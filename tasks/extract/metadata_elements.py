"""The elements of a page that hold metadata, each looked up once."""

import re
from functools import cached_property
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.extract import jsonld
from tasks.extract.headlines import letters, main_heading
from tasks.extract.jsonld import Structured, first_text
from tasks.extract.languages import is_language
from tasks.prompts.word_weights import word_count
from tasks.text.html_tree import one_line
from tasks.text.urls import same_site

MIN_HEADLINE_WORDS = 3  # of an h2 that is the headline
MAX_PAGE_LINKS = 6
MAX_TEXT_CHARS = 3000  # taken of one meta element, title or heading
CODE = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_][A-Za-z]{2,8}|[-_]\d{3})*\s*(?:$|[,;])")
TAGS = ("meta", "title", "h1", "h2", "link", "script", "footer")
# One search for everything that is looked up on every page: each search walks the whole tree.
PLACES = (
    'meta, title, h1, h2, link[rel=canonical], script[type*="ld+json" i],'
    " link[rel~=next i], a[rel~=next i], link[rel~=prev i], a[rel~=prev i],"
    " footer, #footer, .footer, .copyright"
)


class Page:
    """A parsed page, and what its head and its headings hold; `url` may be a file's or empty.

    `timezone` and `source_language` are those of its source.
    """

    def __init__(
        self, tree: LexborHTMLParser, url: str, timezone: str = "UTC", source_language: str = ""
    ) -> None:
        self.tree, self.url, self.timezone = tree, url, timezone
        self.source_language = source_language
        # Elements by tag; those of any other tag are footers.
        self._places: dict[str, list[LexborNode]] = {tag: [] for tag in TAGS}
        # Links to the next page and to the previous one, as they stand.
        self._page_links: dict[str, list[str]] = {"next": [], "prev": []}
        for node in tree.css(PLACES):
            attributes = node.attributes if node.tag in ("a", "link") else {}
            rels = self._page_links.keys() & (attributes.get("rel") or "").lower().split()
            for rel in rels:
                self._page_links[rel].append(attributes.get("href") or "")
            if not rels:
                self._places.get(node.tag or "", self._places["footer"]).append(node)
        # The page's meta elements by lower-case name; the first of a name counts.
        self.meta: dict[str, str] = {}
        for node in self._places["meta"]:
            attributes = node.attributes
            names = map(attributes.get, ("property", "name", "itemprop", "http-equiv"))
            name = next(filter(None, names), None)
            # A date within the body may be a teaser's: `publication_dates` looks where it stands.
            is_in_head = node.parent is not None and node.parent.tag == "head"
            if name and name == attributes.get("itemprop") and "date" in name and not is_in_head:
                continue
            # Some pages state a `value` instead, which HTML does not know.
            content = attributes.get("content") or attributes.get("value") or ""
            text = one_line(content[:MAX_TEXT_CHARS])
            if name and text:
                self.meta.setdefault(name.strip().lower(), text)

    def first(self, *names: str) -> str | None:
        """The first of the named meta elements that is not empty."""
        return next((self.meta[name] for name in names if self.meta.get(name)), None)

    @cached_property
    def declared(self) -> str | None:
        """The canonical URL the page claims."""
        for link in self._places["link"]:
            if href := link.attributes.get("href"):
                return _joined(self.url, href.strip())
        claimed = self.meta.get("og:url")
        return _joined(self.url, claimed) if claimed else None

    def page_links(self, rel: str) -> list[str]:
        """The URLs that the page calls its next or previous one (`next`, `prev`)."""
        links = filter(None, self._page_links[rel][:MAX_PAGE_LINKS])
        return [url for href in links if (url := _joined(self.url, href.strip()))]

    @property
    def address(self) -> str:
        """The page's URL; the one that it declares if that is unknown."""
        return self.url if self.url.startswith("http") else self.declared or ""

    @cached_property
    def title(self) -> str:
        """The title element's text."""
        titles = self._places["title"]
        # An inline SVG has title elements, too.
        own = (title for title in titles if title.parent and title.parent.tag == "head")
        title = next(own, titles[0] if titles else None)
        return text_of(title)[:MAX_TEXT_CHARS] if title else ""

    @cached_property
    def headings(self) -> list[str]:
        """The texts of `heading_nodes`; one that a heading has twice, as for two screens, once."""
        texts = [text_of(node)[:MAX_TEXT_CHARS] for node in self.heading_nodes]
        halves = [(text, text[: len(text) // 2]) for text in texts]
        return [half if half and text == f"{half} {half}" else text for text, half in halves]

    @cached_property
    def heading(self) -> LexborNode | None:
        """The headline's element: not the site's name above it, nor "0 Comments" below the text."""
        stated = first_text(self.structured.article.get("headline"))
        titles = [stated or "", self.meta.get("og:title", ""), self.title]
        fitting = [h for h in self.headings if any(letters(h) in letters(t) for t in titles)]
        main = max(fitting, key=len, default=main_heading(self.headings, titles))
        is_long = main is not None and word_count(main) >= MIN_HEADLINE_WORDS
        if second := None if is_long else self._second_heading():
            return second
        return self.heading_nodes[self.headings.index(main)] if main else None

    def _second_heading(self) -> LexborNode | None:
        """The h2 that the title begins with."""
        title = letters(self.title)
        for node in self._places["h2"][:20]:
            text = text_of(node)
            if word_count(text) >= MIN_HEADLINE_WORDS and title.startswith(letters(text)):
                return node
        return None

    @cached_property
    def heading_nodes(self) -> list[LexborNode]:
        """The page's h1 elements that have a text.

        If there is none, or each is a link to the front page, such as the site's name: the h2 that
        the title begins with, if any.
        """
        tops = [node for node in self._places["h1"][:10] if text_of(node)]
        if not all(map(_leads_home, tops)):
            return tops
        second = self._second_heading()
        return [second] if second else tops

    @property
    def footers(self) -> list[LexborNode]:
        """The elements in which a page names its owner."""
        return self._places["footer"]

    @cached_property
    def structured(self) -> Structured:
        """The page's JSON-LD."""
        scripts = self._places["script"]
        urls = [self.url, self.declared or "", self.meta.get("og:url", "")]
        titles = [*self.headings, self.meta.get("og:title", ""), self.title]
        return jsonld.read_blocks([s.text() or "" for s in scripts[:60]], urls, titles)

    @cached_property
    def named_language(self) -> str:
        """The language that the html element names, lower case, with its region."""
        root = self.tree.css_first("html")
        attributes = root.attributes if root else {}
        return (attributes.get("lang") or attributes.get("xml:lang") or "").strip().lower()

    @cached_property
    def stated_language(self) -> str | None:
        """The code of the language that the page states."""
        stated = first_text(self.structured.article.get("inLanguage"))
        languages = (self.named_language, stated, self.first("og:locale", "content-language"))
        return next(filter(None, map(_language_code, languages)), None)

    @cached_property
    def language_of_dates(self) -> str:
        """The language by which ambiguous dates are read: the page's, else its source's.

        It has a region only if the html element or the source names it: templates state the
        region of `og:locale` for papers of other countries, too.
        """
        named = self.named_language if _language_code(self.named_language) else None
        language = named or self.stated_language or self.source_language
        return language.lower().replace("_", "-")

    @cached_property
    def names(self) -> frozenset[str]:
        """Folded names of the site."""
        try:
            host = (urlsplit(self.address).hostname or "") if self.address[:4] == "http" else ""
        except ValueError:
            host = ""
        publisher = self.structured.resolve(self.structured.stated("publisher"))
        bare = host.removeprefix("www.")
        stated = (self.meta.get("og:site_name"), self.meta.get("application-name"))
        names = (*stated, first_text(publisher), host, bare, bare.rpartition(".")[0])
        return frozenset(letters(name) for name in names if name) - {""}


def text_of(node: LexborNode) -> str:
    """The text of an element, on one line."""
    return one_line(node.text(deep=True, separator=" ") or "")


def _language_code(tag: str | None) -> str | None:
    """The code that a language tag begins with; None for what is no language."""
    match = CODE.match(tag or "")
    code = match[1].lower() if match else ""
    return code if is_language(code) else None


def _joined(base: str, url: str) -> str | None:
    try:
        # `mill.example/a`, without a scheme: no folder is called like the page's own site.
        if base.startswith("http") and "://" not in url and same_site(f"https://{url}", base):
            url = f"//{url}"
        joined = urljoin(base, url) if base.startswith("http") else url
        return joined if urlsplit(joined).scheme in ("http", "https") else None
    except ValueError:
        return None


def _leads_home(heading: LexborNode) -> bool:
    """Whether a heading is a link to the site's front page, as its logo is."""
    link = heading.css_first("a[href]")
    if link is None or text_of(link) != text_of(heading):
        return False
    try:
        return urlsplit(link.attributes.get("href") or "").path in ("", "/")
    except ValueError:
        return False
