"""The lines of text around a headline, without those of teasers, comments and other parts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.extract.date_labels import CHANGED_NAME, LABEL, PUBLISHED
from tasks.extract.headlines import letters
from tasks.prompts.word_weights import word_count
from tasks.text.dates import DIGITS
from tasks.text.html_tree import one_line

YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d{5})")
# In the names of elements that hold the date.
DATE_ELEMENT_NAME = re.compile(r"date|time|publi|datum|fecha|tarih|byline|meta", re.I)
_OTHER_TAGS = """
script style noscript template svg nav aside figure figcaption form select button blockquote iframe
"""
OTHER_TAGS = frozenset(_OTHER_TAGS.split())
OTHER_ELEMENT_NAME = re.compile(
    r"caption|comments?[-_]?(?:list|area|section|box)?\b|related|recommend|sidebar|masthead|weather"
    r"|\btoday\b|today'?s?[-_]?date|current[-_]?date|datemodified",
    re.I,
)
_INLINE = "a abbr b cite em font i label small span strong sub sup time u"
INLINE = frozenset(_INLINE.split())
MAX_DATE_CHARS = 160  # of an element whose name says that it holds the date
MIN_HEADLINE_WORDS = 4  # of a headline that no heading holds
MAX_ELEMENTS = 3000  # of the page that are read
MIN_LINK_WORDS = 4  # of a link to another article
MAX_TEASER_CHARS = 400
MAX_DEPTH = 20  # Elements around a text that are checked
MAX_SHORT_NODES = 100  # of an element that is short


@dataclass(slots=True)
class Line:
    """A line of text in a block: what stands between two line breaks."""

    block: LexborNode
    words_before: float
    parts: list[str] = field(default_factory=list)
    has_time: bool = False  # Whether a time element states its date

    @property
    def text(self) -> str:
        """Its text, on one line, with any digits as 0 to 9."""
        return one_line(" ".join(self.parts)).translate(DIGITS)


def find_untagged(tree: LexborHTMLParser, title: str) -> LexborNode | None:
    """The headline's element on a page without headings: the first that the title begins with."""
    for node in tree.css("div, p, span, td, strong, b, font, h3")[:MAX_ELEMENTS]:
        if is_short(node, MAX_DATE_CHARS):
            text = node.text(separator=" ")
            if word_count(text) >= MIN_HEADLINE_WORDS and letters(title).startswith(letters(text)):
                return node
    return None


def is_of_the_article(node: LexborNode, heading: LexborNode | None) -> bool:
    """Whether no element around this one, up to those around the headline too, is foreign."""
    shared = set[int]()
    while heading is not None:
        shared.add(heading.mem_id)
        heading = heading.parent
    at: LexborNode | None = node
    for _ in range(MAX_DEPTH):
        if at is None or at.mem_id in shared:
            return True
        if _is_foreign(at):
            return False
        at = at.parent
    return True


def lines_from(
    node: LexborNode | None, most: float, within: LexborNode | None = None
) -> Iterator[Line]:
    """The lines of text from a node on, in the order of the page, until there are `most` words."""
    line: Line | None = None
    words = 0.0
    is_broken = False
    for _ in range(MAX_ELEMENTS):
        if node is None or words > most:
            break
        text, is_whole = _text_at(node)
        is_broken |= node.tag == "br"
        if text.strip():
            block = _enclosing_block(node)
            if line is None or is_broken or line.block.mem_id != block.mem_id:
                if line:
                    yield line
                line, is_broken = Line(block, words), False
            line.parts.append(text)
            line.has_time |= bool(_machine_time(node))
            words += word_count(text)
        node = next_node(node, within) if is_whole else node.child or next_node(node, within)
    if line:
        yield line


def _text_at(node: LexborNode) -> tuple[str, bool]:
    """The text that a node adds to its line, and whether its children are skipped."""
    if node.tag == "-text":
        return node.text(deep=False) or "", True
    if _is_foreign(node):
        return "", True
    if YEAR.search(_machine_time(node)):
        label = LABEL.search(node.text(separator=" ")[:MAX_DATE_CHARS])
        name = label[0] if label else _label_in_name(node)
        return f"{name} {_machine_time(node)}", True
    return _label_in_name(node), False


def next_node(node: LexborNode, within: LexborNode | None = None) -> LexborNode | None:
    """The node that follows this one and its descendants."""
    at: LexborNode | None = node
    # The parser's own comparison is of the nodes' HTML: slow, and equal for two alike nodes.
    end = within.mem_id if within else None
    while at is not None and at.mem_id != end and at.tag != "body":
        if at.next is not None:
            return at.next
        at = at.parent
    return None


def is_short(node: LexborNode, most: int) -> bool:
    """Whether an element's text has no more than `most` characters."""
    at, size = node.child, 0
    for _ in range(MAX_SHORT_NODES):
        if at is None:
            return True
        if at.tag == "-text":
            size += len((at.text(deep=False) or "").strip()) + 1
        if size > most:
            return False
        at = at.child or next_node(at, node)
    return False


def _enclosing_block(node: LexborNode) -> LexborNode:
    """The innermost element around a node that begins a line of its own."""
    at = node.parent or node
    for _ in range(MAX_DEPTH):
        if at.tag not in INLINE or at.parent is None:
            break
        at = at.parent
    return at


def name_of(node: LexborNode) -> str:
    """What the page calls an element: its class, itemprop and id."""
    return " ".join(filter(None, map(node.attributes.get, ("class", "itemprop", "id"))))


def _label_in_name(node: LexborNode) -> str:
    """A label of a change in an element's name; none if it names publication too (WordPress)."""
    name = name_of(node)
    found = CHANGED_NAME.search(name)
    if found is None or PUBLISHED.search(name):
        return ""
    return found[0] if is_short(node, MAX_DATE_CHARS) else ""


def _is_foreign(node: LexborNode) -> bool:
    """Whether the content of an element is not the article's, or not text."""
    name = name_of(node)
    if node.tag == "aside" and DATE_ELEMENT_NAME.search(name):
        return not is_short(node, MAX_DATE_CHARS)
    if node.tag in OTHER_TAGS or (OTHER_ELEMENT_NAME.search(name) and "byline" not in name):
        return True
    if node.tag not in ("li", "article"):
        return False
    # A teaser: little besides the link to another article.
    return is_short(node, MAX_TEASER_CHARS) and any(
        word_count(link.text()) >= MIN_LINK_WORDS for link in node.css("a")[:5]
    )


def _machine_time(node: LexborNode) -> str:
    """The time that an element states for programs: `<time datetime>`, hAtom's `<abbr title>`."""
    name = {"time": "datetime", "abbr": "title"}.get(node.tag or "")
    return (node.attributes.get(name) or "") if name else ""
