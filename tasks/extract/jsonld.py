"""Reads schema.org data in JSON-LD blocks, broken ones too, and finds the page's own article."""

import html
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from tasks.extract.headlines import letters
from tasks.text.html_tree import one_line

Thing = dict[str, Any]  # One schema.org object as parsed

_ARTICLE_TYPES = """
Article NewsArticle AnalysisNewsArticle AskPublicNewsArticle BackgroundNewsArticle
OpinionNewsArticle ReportageNewsArticle ReviewNewsArticle AdvertiserContentArticle
SatiricalArticle ScholarlyArticle TechArticle Report BlogPosting LiveBlogPosting
SocialMediaPosting DiscussionForumPosting Review CriticReview ClaimReview Recipe
"""
ARTICLE_TYPES = frozenset(_ARTICLE_TYPES.split())
PAGE_TYPES = frozenset({"WebPage", "ItemPage", "MedicalWebPage", "CreativeWork", "MediaObject"})
MAX_THINGS = 2000
MAX_REPAIRED = 500_000
CONTAINERS = ("@graph", "mainEntity", "mainEntityOfPage", "subjectOf")
WRAPPING = re.compile(r"<!--|-->|//\s*<!\[CDATA\[|//\s*\]\]>|/\*.{0,40}?\*/|<!\[CDATA\[|\]\]>")
TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
MISSING_COMMA = re.compile(r'(["}\]])(\s*\n\s*)(?=["{])')
LONE_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])|\\u(?![0-9a-fA-F]{4})')
SCRAP = re.compile(
    r'"(@type|headline|datePublished|dateModified|dateCreated|inLanguage|isAccessibleForFree'
    r'|articleSection|url)"\s*:\s*"((?:[^"\\\n]|\\.){1,500})"'
)


@dataclass(frozen=True, slots=True)
class Structured:
    """What the JSON-LD blocks of a page hold."""

    article: Thing  # The object that is about this page's article; empty when there is none
    page: Thing  # The object about the page itself; empty when there is none
    # Other objects that are articles at the page's address, or that repeat the article's headline.
    twins: tuple[Thing, ...]
    things: tuple[Thing, ...]
    by_id: dict[str, Thing]

    def resolve(self, value: object) -> object:
        """The object that a bare `{"@id": ...}` points to, else the value itself."""
        if isinstance(value, dict) and len(value) <= 2 and "name" not in value:
            return self.by_id.get(str(value.get("@id")), value)
        return value

    @property
    def about(self) -> tuple[Thing, ...]:
        """The objects about this page and its article, the best first."""
        return (self.article, self.page, *self.twins)

    def stated(self, key: str) -> object:
        """The value of a key in the first object of `about` that states it; None without one."""
        return next((thing[key] for thing in self.about if thing.get(key)), None)


def read_blocks(blocks: Sequence[str], urls: Sequence[str], titles: Sequence[str]) -> Structured:
    """The objects in the blocks, and which of them is this page's article.

    It is chosen by what the page is known by (fetched URL, canonical, og:url) and what it calls
    itself (h1, og:title, title); an object with another address and another headline is not it.
    """
    things = [thing for block in blocks for thing in _flatten(parse_block(block))][:MAX_THINGS]
    by_id = {
        thing["@id"]: thing
        for thing in reversed(things)
        if isinstance(thing.get("@id"), str) and len(thing) > 2
    }
    paths = frozenset(filter(None, map(path_of, urls)))
    words = [letters(title) for title in titles if title]
    own = [t for t in things if not _is_of_another(t, urls, words)]
    articles = [t for t in own if types_of(t) & ARTICLE_TYPES]
    pages = [t for t in own if types_of(t) & PAGE_TYPES]
    # The first of the objects that fit equally well.
    article = max(articles, key=lambda thing: _fit(thing, paths, words), default={})
    page = max(pages, key=lambda thing: _fit(thing, paths, words), default={})
    others = [t for t in articles if t is not article]
    twins = tuple(t for t in others if _paths(t) & paths or _repeats(t, article))
    return Structured(article, page, twins, tuple(things), by_id)


def parse_block(text: str) -> object:
    """Parse one block, repairing common mistakes; None if nothing can be read."""
    text = text.strip()
    if not text:
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(text, strict=False)
    text = WRAPPING.sub(" ", text[:MAX_REPAIRED]).strip().rstrip(";")
    # Some templates escape the whole block as if it were HTML.
    if "&quot;" in text and text.count('"') < 4:
        text = html.unescape(text)
    mended = LONE_ESCAPE.sub(r"\\\\", MISSING_COMMA.sub(r"\1,\2", TRAILING_COMMA.sub("", text)))
    # JSON values may stand one after the other.
    found: list[Any] = []
    decoder, at = json.JSONDecoder(strict=False), 0
    with suppress(ValueError, RecursionError):
        while at < len(mended):
            value, at = decoder.raw_decode(mended, at)
            found.append(value)
            at += len(mended[at : at + 200]) - len(mended[at : at + 200].lstrip(" \t\r\n,;"))
    if found and isinstance(found[0], dict | list):
        return found
    # Beyond repair: single facts are still readable, such as `"datePublished": "2031-03-02"`.
    scraps: Thing = {}
    for key, value in SCRAP.findall(text):
        scraps.setdefault(key, value.replace('\\"', '"').replace("\\/", "/"))
    return scraps or None


def types_of(thing: Thing) -> frozenset[str]:
    """The types of an object, without their vocabulary's address."""
    found = thing.get("@type")
    names = found if isinstance(found, list) else [found]
    return frozenset(re.split(r"[/#:]", n)[-1] for n in names if isinstance(n, str))


def texts(value: object) -> list[str]:
    """The texts in a value (a text, a list's members, an object's name), with entities decoded."""
    if isinstance(value, str):
        text = one_line(html.unescape(value))
        return [text] if text else []
    if isinstance(value, list):
        return [text for member in value[:50] for text in _text_of_member(member)]
    return _text_of_member(value)


def _text_of_member(value: object) -> list[str]:
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
        if isinstance(value, list):
            value = next((v for v in value if isinstance(v, str)), None)
    return texts(value) if isinstance(value, str) else []


def first_text(value: object) -> str | None:
    """The first text in a value."""
    return next(iter(texts(value)), None)


def _flatten(value: object) -> Iterator[Thing]:
    """The objects that say something about the page, related items left out."""
    waiting, seen = [value], 0
    while waiting and seen < MAX_THINGS:
        seen += 1
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            yield value
            inner = [value[key] for key in CONTAINERS if isinstance(value.get(key), dict | list)]
            waiting += reversed(inner)


def _fit(thing: Thing, paths: frozenset[str], titles: list[str]) -> float:
    """How well an object fits the page."""
    own = _paths(thing)
    headline = letters(first_text(thing.get("headline") or thing.get("name")) or "")
    fit = 0.0
    if own:
        fit += 4.0 if own & paths else -1.0
    if headline:
        fit += 1.0 + 3.0 * any(headline in title or title in headline for title in titles)
    fit += 1.5 * bool(thing.get("datePublished"))
    fit += 1.0 * any(kind.endswith("NewsArticle") for kind in types_of(thing))
    return fit - 2.0 * bool(
        types_of(thing) & {"Review", "Recipe", "ClaimReview", "SocialMediaPosting"}
    )


def _is_of_another(thing: Thing, urls: Sequence[str], titles: list[str]) -> bool:
    """Whether an object's address is another page's; an article's headline must differ as well."""
    stated = [thing.get(key) for key in ("url", "mainEntityOfPage")]
    stated = [v.get("@id") or v.get("url") if isinstance(v, dict) else v for v in stated]
    # With the empty path of a home page: its object may be the only one of its type.
    found = {path_of(v) for v in stated if isinstance(v, str) and v.startswith(("http", "/"))}
    known = {path_of(url) for url in urls if url}
    if not found or not known or found & known:
        return False
    # An article's address may be stated wrongly. The name of the home page is in every title.
    if not types_of(thing) & ARTICLE_TYPES:
        return True
    headline = letters(first_text(thing.get("headline") or thing.get("name")) or "")
    return bool(titles) and not any(headline in title or title in headline for title in titles)


def _repeats(thing: Thing, article: Thing) -> bool:
    """Whether an object without an address of its own has the article's headline."""
    own, other = (letters(first_text(one.get("headline")) or "") for one in (thing, article))
    return bool(own) and own == other and not _paths(thing)


def _paths(thing: Thing) -> frozenset[str]:
    found = set[str]()
    for key in ("url", "mainEntityOfPage", "@id"):
        value = thing.get(key)
        if isinstance(value, dict):
            value = value.get("@id") or value.get("url")
        if isinstance(value, str):
            found.add(path_of(value))
    return frozenset(found - {""})


def path_of(url: str) -> str:
    """A URL's path, lower case and without its last slash; nothing for what is no URL."""
    try:
        return unquote(urlsplit(url).path).rstrip("/").lower()
    except ValueError:
        return ""
