"""Read what a page states about its article: JSON-LD, then meta elements, then the page."""

import re
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser

from tasks.extract.authors import clean_authors, is_name
from tasks.extract.headlines import (
    choose_headline,
    is_section_name,
    letters,
    main_heading,
    owners_in_title,
    words_of_address,
)
from tasks.extract.jsonld import first_text, texts, types_of
from tasks.extract.metadata_elements import Page, text_of
from tasks.extract.publication_dates import find_modified, find_published, is_dated_article
from tasks.extract.stated_terms import (
    find_notice,
    find_reservation,
    is_one_of_pages,
    stated_access,
    stated_words,
)
from tasks.text.dates import Moment

_AUTHORS = """
parsely-author author article:author byl sailthru.author dc.creator dcterms.creator
cxenseparse:author article.author citation_author
"""
# `byline`, `author-name`, `post__author`; not `comment-author` or `author-bio`.
BYLINE_CLASS = re.compile(
    r"(?:(?:article|content|entry|news|post|story)[-_]*)?(?:byline|authors?)(?:[-_]*names?)?", re.I
)
CLASSED = "[class*=byline i], [class*=author i]"
MAX_LEVELS_UP = 3  # from the headline, in elements that are searched
MAX_BYLINES = 3
NO_SECTION = "{"  # Some pages state a JSON object as their section
_SECTIONS = """
article:section parsely-section cxenseparse:recs:category section article.section
"""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says about its article, cleaned but not yet weighed against its text."""

    headline: str | None = None
    description: str | None = None
    body: str | None = None  # JSON-LD's `articleBody`, as it stands there
    entries: tuple[str, ...] = ()  # The same of each `liveBlogUpdate`
    authors: tuple[str, ...] = ()
    section: str | None = None
    published: Moment | None = None
    published_source: str = "none"  # jsonld, meta, page, url or none
    modified_at: datetime | None = None
    language: str | None = None
    access: str = "unknown"
    stated_words: int = 0  # How many words the page says its article has; 0 when it does not say
    is_one_of_pages: bool = False  # of an article that has several
    rights_notice: str | None = None
    tdm_reservation: str | None = None
    declared_url: str | None = None
    # Whether the page prints the headline that JSON-LD or Open Graph states.
    is_printed: bool = False
    # Whether an article in JSON-LD, or a meta element, has a publication date.
    is_dated_article: bool = False
    kinds: frozenset[str] = frozenset()  # schema.org types on the page, and `og:<type>`


def read_metadata(
    tree: LexborHTMLParser, url: str, timezone: str = "UTC", source_language: str | None = None
) -> Metadata:
    """What the page says about its article; `timezone` and the language are those of its source."""
    page = Page(tree, url, timezone, source_language or "")
    published, source = find_published(page)
    named = (page.meta.get(name) for name in _SECTIONS.split())
    sections = (*texts(page.structured.article.get("articleSection")), *named)
    kinds = {kind for thing in page.structured.things for kind in types_of(thing)}
    kinds.add(f"og:{page.meta.get('og:type', '').lower()}")
    articles = (page.structured.article, *page.structured.twins)
    body = next((a["articleBody"] for a in articles if a.get("articleBody")), None)
    updates = page.structured.stated("liveBlogUpdate")
    entries = [one for one in updates if isinstance(one, dict)] if isinstance(updates, list) else []
    titles = {
        "jsonld": first_text(page.structured.article.get("headline")),
        "og": page.first("og:title"),
        "twitter": page.first("twitter:title"),
        "title": page.title,
    }
    titles["h1"] = main_heading(page.headings, [text for text in titles.values() if text])
    candidates = {place: text for place, text in titles.items() if text}
    if candidates.keys() == {"h1", "title"} and is_section_name(candidates["h1"], page.title):
        del candidates["h1"]
    words = words_of_address(page.address)
    notice, names = find_notice(page), page.names
    if candidates.keys() == {"title"}:  # any other place would show what the site's name is
        names |= owners_in_title(page.title, notice or "")
    jsonld, og, printed = (letters(titles[place] or "") for place in ("jsonld", "og", "h1"))
    return Metadata(
        headline=choose_headline(candidates, names, words),
        description=page.first("og:description", "description", "twitter:description"),
        body=body if isinstance(body, str) else None,
        entries=tuple(text for one in entries if isinstance(text := one.get("articleBody"), str)),
        authors=_authors(page),
        section=next((name for name in sections if name and NO_SECTION not in name), None),
        published=published,
        published_source=source,
        modified_at=find_modified(page, published),
        language=page.stated_language,
        access=stated_access(page),
        stated_words=stated_words(page),
        is_one_of_pages=is_one_of_pages(page),
        rights_notice=notice,
        tdm_reservation=find_reservation(page),
        declared_url=page.declared,
        is_printed=bool(printed) and printed in (jsonld, og),
        is_dated_article=is_dated_article(page),
        kinds=frozenset(kinds),
    )


def _authors(page: Page) -> tuple[str, ...]:
    stated = page.structured.article.get("author") or page.structured.article.get("creator")
    members = stated if isinstance(stated, list) else [stated]
    names = [n for m in members[:30] for n in texts(page.structured.resolve(m))]
    if found := clean_authors(names, page.names):
        return found
    for name in _AUTHORS.split():
        text = page.meta.get(name, "")
        # `article:author` is often the URL of a profile.
        if text and "://" not in text and (found := clean_authors([text], page.names)):
            return found
    nodes = page.tree.css('[itemprop="author"], [rel="author"]')[:5]
    if found := clean_authors([text_of(node) for node in nodes], page.names):
        return found
    # The names in elements beside the headline that only their class marks as a byline.
    around = page.heading.parent if page.heading else None
    for _ in range(MAX_LEVELS_UP):
        if around is None or around.tag in ("body", "html"):
            break
        classed = ((n, (n.attributes.get("class") or "").split()) for n in around.css(CLASSED))
        nodes = [node for node, names in classed if any(map(BYLINE_CLASS.fullmatch, names))]
        if bylines := list(dict.fromkeys(map(text_of, nodes))):
            # More elements would be teasers' bylines; more names would include job titles.
            found = clean_authors(bylines, page.names) if len(bylines) <= MAX_BYLINES else ()
            return found if all(map(is_name, found)) and len(found) <= 2 * len(bylines) else ()
        around = around.parent
    return ()
