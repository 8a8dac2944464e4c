"""Find what belongs to readers' comments or to another article on the same page."""

import re

import numpy as np

from tasks.prompts.inline_elements import INLINE
from tasks.prompts.page import HIDDEN_FLAG, TAG_FLAGS, Element, Page
from tasks.prompts.reader_comments import MIN_ARTICLE_CHARS, reader_comments
from tasks.prompts.short_lines import find_byline, is_date_line
from tasks.prompts.tree_arrays import Column

CAPTION = re.compile(r"caption|bildunterschrift|bildtext")
FIGURE = TAG_FLAGS["figure"] | TAG_FLAGS["figcaption"]
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
DIGITS = re.compile(r"\d+")
MAX_OPENING_BLOCKS = 6  # before an article's headline, and after it up to its byline or date


def foreign_blocks(page: Page, headline: int, kept: Column, *, is_live: bool) -> dict[int, str]:
    """Blocks of pop-overs, readers' comments and other articles, with the rule that says so.

    `kept` holds the number of characters of each block that would be kept, 0 elsewhere.
    """
    if page.is_text:
        return {}
    # Pop-overs: hidden inline elements inside visible text.
    elements, with_text = page.elements, {block.element for block in page.blocks}
    hidden: set[int] = set()
    for element in elements:
        if element.tag in INLINE and element.flags & HIDDEN_FLAG and element.parent in with_text:
            is_shown = not elements[element.parent].flags & HIDDEN_FLAG
            hidden.update(range(element.start, element.end) if is_shown else ())
    comments = reader_comments(page, headline, kept)
    found = dict.fromkeys(hidden, "dom:hidden") | dict.fromkeys(comments, "dom:comments")
    rest = kept.copy()
    rest[list(found)] = 0
    if is_live:  # The entries of a live blog are articles of their own, each with a headline.
        return found
    found |= _lists_above(page, headline, rest)
    found |= _other_articles(page, headline, rest) | _next_headline(page, headline, rest)
    return found | _later_articles(page, headline, rest)


def _lists_above(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Items, each with a link, of lists above the headline of an article; and their copies."""
    if headline < 0 or kept[headline:].sum() < MIN_ARTICLE_CHARS:
        return {}
    items: set[str] = set()
    for element in page.elements:
        blocks = page.blocks[element.start : element.end]
        if element.tag in ("ul", "ol") and element.end <= headline and all(b.links for b in blocks):
            items.update(block.text for block in blocks)
    teasers = (at for at in np.flatnonzero(kept).tolist() if page.blocks[at].text in items)
    return dict.fromkeys(teasers, "dom:other-article")


def _other_articles(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Blocks of `article` elements beside the one with the headline, if that has enough text."""
    spans = [(e.start, e.end) for e in page.elements if e.tag == "article" and e.end - e.start > 1]
    own = [(s, e) for s, e in spans if s <= headline < e]
    if not own:
        return {}
    start, end = own[-1]
    if kept[start:end].sum() < max(MIN_ARTICLE_CHARS, 0.2 * kept.sum()):
        start, end = own[0]
    if kept[start:end].sum() < MIN_ARTICLE_CHARS:
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
            least = 0 if _are_twins(page, headline, at) else MIN_ARTICLE_CHARS
            if kept[headline:at].sum() < least:
                return {}
            return dict.fromkeys(range(at, len(page.blocks)), "end:next-headline")
    return {}


def _are_twins(page: Page, headline: int, at: int) -> bool:
    """Whether two headlines are in sibling elements of the same name, each with text of its own.

    This is the structure of an endlessly scrolling page.
    """
    own, other = (page.ancestors(page.blocks[x].element) for x in (headline, at))
    both = set(own).intersection(other)
    # The outermost elements around each of them alone.
    alone = [[up for up in ups if up not in both][-1:] for ups in (own, other)]
    if not all(alone):
        return False
    one, two = (page.elements[up] for (up,) in alone)
    is_full = one.start < one.end - 1 and two.start < two.end - 1
    return is_full and (one.tag, one.key) == (two.tag, two.key)


def _is_section(page: Page, headline: int, before: int, at: int) -> bool:
    """Whether a heading continues the article that the text before it is in."""
    own, last = (page.elements[page.blocks[x].element] for x in (at, before))
    if own.parent == last.parent:
        return True
    around = page.ancestors(page.blocks[at].element)
    both = next((page.elements[up] for up in around if page.elements[up].start <= before), own)
    # The headline often stands outside of the element with the article's text alone.
    return both.tag == "article" or not both.start <= headline < both.end


def _later_articles(page: Page, headline: int, kept: Column) -> dict[int, str]:
    """Blocks of elements after the one with the headline that are built like it.

    Both have a heading and, in elements of one name, a byline or a date of their own, as the
    articles of an endlessly scrolling page do. Chapters have none.
    """
    around = page.ancestors(page.blocks[headline].element) if headline >= 0 else []
    beside = {page.elements[up].parent: page.elements[up] for up in around}
    found: dict[int, str] = {}
    for element in page.elements:
        own = beside.get(element.parent)
        if own is None or element.start < own.end or _name(element) != _name(own):
            continue
        if kept[own.start : own.end].any() and kept[element.start : element.end].any():
            heading = _heading_in(page, element, page.elements[page.blocks[headline].element])
            shared = _credits(page, own, headline) & _credits(page, element, heading)
            # Plain elements may hold the parts of one article, each with its year.
            if any(key or own.key for _, key in shared):
                found |= dict.fromkeys(range(element.start, element.end), "dom:other-article")
    return found


def _name(element: Element) -> tuple[str, str]:
    """Tag and key of an element without its number: `story-2`."""
    return element.tag, DIGITS.sub("", element.key)


def _heading_in(page: Page, element: Element, title: Element) -> int:
    """The heading that opens an element, or its first line named like the headline; -1 for none."""
    for at in range(element.start, min(element.end, element.start + MAX_OPENING_BLOCKS)):
        own = page.elements[page.blocks[at].element]
        if own.tag in HEADINGS or (title.key and own.key == title.key):
            return at
    return -1


def _credits(page: Page, around: Element, heading: int) -> set[tuple[str, str]]:
    """The names of the elements with bylines and dates close to an article's heading."""
    start = max(around.start, heading - MAX_OPENING_BLOCKS)
    end = min(around.end, heading + 1 + MAX_OPENING_BLOCKS) if heading >= 0 else start
    blocks = page.blocks[start:end]
    return {
        _name(page.elements[block.element])
        for block in blocks
        if is_date_line(block.text) or find_byline(block.text, ())
    }
