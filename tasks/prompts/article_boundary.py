"""Find what belongs to readers' comments or to another article on the same page."""

import re
from functools import lru_cache

import numpy as np

from tasks.prompts.blocks import HIDDEN_FLAG, TAG_FLAGS, Page
from tasks.prompts.cut_page import INLINE
from tasks.prompts.tree_arrays import Column
from tasks.prompts.word_weights import MEMORY

COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|comment-?(?:list|content|body|section|area|text)s?|"
    r"disqus\w*|kommentare?|commentaires?|comentarios|livefyre\w*|respond|user-?comments?)(?:$|[\s_-])"
)
NOT_COMMENTS = re.compile(r"comments?-(?:open|closed|off|enabled)|no-comments?|has-comments?")
CAPTION = re.compile(r"caption|bildunterschrift|bildtext")
FIGURE = TAG_FLAGS["figure"] | TAG_FLAGS["figcaption"]
ENOUGH = 400  # Characters of running text from which on a part of the page is an article
THREAD = 3  # Elements named for comments inside each other or side by side that are a thread


def foreign_blocks(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Blocks of pop-overs, readers' comments and other articles, with the rule that says so.

    `kept` holds the number of characters of each block that would be kept, 0 elsewhere.
    """
    if page.is_text:
        return {}
    # Pop-overs: hidden inline elements that stand in a text which is shown.
    elements, with_text = page.elements, {block.element for block in page.blocks}
    hidden: set[int] = set()
    for element in elements:
        if element.tag in INLINE and element.flags & HIDDEN_FLAG and element.parent in with_text:
            is_shown = not elements[element.parent].flags & HIDDEN_FLAG
            hidden.update(range(element.start, element.end) if is_shown else ())
    found = dict.fromkeys(hidden, "dom:hidden") | _comments(page, headline, kept)
    rest = kept.copy()
    rest[list(found)] = 0
    return found | _other_articles(page, headline, rest) | _next_headline(page, headline, rest)


def _comments(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Blocks inside elements named for comments, as long as an article is left outside."""
    inside: set[int] = set()
    named = 0
    for element in page.elements:
        if _holds_comments(element.key) and not element.start <= headline < element.end:
            inside.update(range(element.start, element.end))
            named += 1
    # Sites name whole article pages for comments: an article has to be left outside, a short one
    # where the names are those of a thread.
    outside = kept.sum() - sum(float(kept[at]) for at in inside)
    is_left = outside >= ENOUGH or (outside > 0 and named >= THREAD)
    return dict.fromkeys(inside, "dom:comments") if is_left else {}


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
        around = page.ancestors(page.blocks[at].element, 4)
        # A picture's caption: `<figcaption><h1>`.
        if other.flags & FIGURE or any(CAPTION.search(page.elements[up].key) for up in around):
            continue
        before = np.flatnonzero(kept[:at])
        if not len(before) or not _is_section(page, headline, int(before[-1]), at):
            if kept[headline:at].sum() < ENOUGH:
                return {}
            return dict.fromkeys(range(at, len(page.blocks)), "end:next-headline")
    return {}


def _is_section(page: Page, headline: int, before: int, at: int) -> bool:
    """Whether a heading continues the article that the text before it is in."""
    own, last = (page.elements[page.blocks[x].element] for x in (at, before))
    if own.parent == last.parent:
        return True
    around = page.ancestors(page.blocks[at].element)
    both = next((page.elements[up] for up in around if page.elements[up].start <= before), own)
    # The headline often stands outside of the element with the article's text alone.
    return both.tag == "article" or not both.start <= headline < both.end
