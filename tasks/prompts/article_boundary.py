"""Find what belongs to readers' comments or to another article on the same page."""

import re
from functools import lru_cache

import numpy as np

from tasks.prompts.blocks import Page
from tasks.prompts.tree_arrays import Column
from tasks.prompts.word_weights import MEMORY

COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|comment-?(?:list|content|body|section|area|text)s?|"
    r"disqus\w*|kommentare?|commentaires?|comentarios|livefyre\w*|respond|user-?comments?)(?:$|[\s_-])"
)
NOT_COMMENTS = re.compile(r"comments?-(?:open|closed|off|enabled)|no-comments?|has-comments?")
ENOUGH = 400  # Characters of running text from which on a part of the page is an article


def foreign_blocks(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Blocks that belong to readers' comments or to another article, with the rule that says so.

    `kept` holds the number of characters of each block that would be kept, 0 elsewhere.
    """
    if page.is_text:
        return {}
    found = _comments(page, headline, kept)
    rest = kept.copy()
    rest[list(found)] = 0
    return found | _other_articles(page, headline, rest) | _next_headline(page, headline, rest)


def _comments(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Blocks inside elements named for comments, as long as an article is left outside."""
    inside: set[int] = set()
    for element in page.elements:
        if _holds_comments(element.key) and not element.start <= headline < element.end:
            inside.update(range(element.start, element.end))
    # Sites name whole article pages for comments: an article has to be left outside.
    outside = kept.sum() - sum(float(kept[at]) for at in inside)
    return dict.fromkeys(inside, "dom:comments") if outside >= ENOUGH else {}


@lru_cache(maxsize=MEMORY)
def _holds_comments(key: str) -> bool:
    """Whether the name of an element is that of readers' comments."""
    return bool(COMMENTS.search(key) and not NOT_COMMENTS.search(key))


def _other_articles(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Blocks of `article` elements beside the one with the headline, when that one is full."""
    spans = [(e.start, e.end) for e in page.elements if e.tag == "article" and e.end - e.start > 1]
    own = [(s, e) for s, e in spans if s <= headline < e]
    if not own:
        return {}
    start, end = own[-1]
    if kept[start:end].sum() < max(ENOUGH, 0.2 * kept.sum()):
        start, end = own[0]
    if kept[start:end].sum() < ENOUGH:
        return {}
    others = [(s, e) for s, e in spans if e <= start or s >= end]
    return {at: "dom:other-article" for s, e in others for at in range(s, e)}


def _next_headline(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Everything from a second headline in the markup of the first on."""
    if headline < 0:
        return {}
    own = page.elements[page.blocks[headline].element]
    if own.tag not in ("h1", "h2") or not (own.key or own.tag == "h1"):
        return {}
    title = page.blocks[headline].text
    for at in range(headline + 1, len(page.blocks)):
        other = page.elements[page.blocks[at].element]
        is_alike = (other.tag, other.key) == (own.tag, own.key)
        if not is_alike or page.blocks[at].text == title:
            continue
        before = np.flatnonzero(kept[:at])
        last = page.blocks[int(before[-1])].element if len(before) else -1
        # A sibling of the paragraph before it is a subheading of the article.
        if last < 0 or page.elements[last].parent != other.parent:
            if kept[headline:at].sum() < ENOUGH:
                return {}
            return dict.fromkeys(range(at, len(page.blocks)), "end:next-headline")
    return {}
