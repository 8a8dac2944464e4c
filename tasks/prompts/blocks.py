"""Cut a page into text blocks, in page order, with the elements they stand in."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from selectolax.lexbor import LexborHTMLParser, LexborNode

_SKIPPED = """
script style noscript template svg math iframe object embed head select option
datalist textarea canvas audio video map frameset rp
"""
SKIPPED = frozenset(_SKIPPED.split())
NOSCRIPT_STORY = 500
"""Characters from which a noscript is read: some papers put the whole article into one and have
scripts show it, `<noscript id="as-https-..."><div class="story-content"><p>`."""
_INLINE = """
a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark nobr
q rb rt ruby s samp small span strike strong sub sup time tt u var wbr img
picture source br
"""
INLINE = frozenset(_INLINE.split())
IMAGES = frozenset({"img", "picture", "amp-img"})
_EMPHASIS = "b strong em i h1 h2 h3 h4 h5 h6"
EMPHASIS = frozenset(_EMPHASIS.split())
_FLAGGED = """
article main header footer aside nav form figure figcaption
ul ol table blockquote section dialog button label dl li
"""
TAG_FLAGS = {tag: 1 << bit for bit, tag in enumerate(_FLAGGED.split())}
BODY_FLAG, HIDDEN_FLAG, DIALOG_FLAG = 1 << 24, 1 << 25, 1 << 26
NAMING = ("class", "id", "role")
MOST_NODES = 500_000
"""What comes after that many nodes of a page is not read; the corpus's largest page has 20,000."""
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
SPACE = re.compile(r"\s+")
INVISIBLE: dict[int, str | None] = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff")
)
INVISIBLE[ord("\u00a0")] = " "


@dataclass(slots=True)
class Element:
    """A block-level element: its blocks are `start` to `end` of the page's."""

    tag: str
    parent: int
    key: str
    """Its class, id and role, lower case."""
    depth: int
    flags: int
    """What it stands in, itself included: TAG_FLAGS and the three below them."""
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class Block:
    """A run of text without a block-level break."""

    text: str
    element: int
    inline_key: str = ""
    link_chars: int = 0
    links: int = 0
    bold_chars: int = 0


@dataclass(slots=True)
class Page:
    """A page's blocks and the block-level elements around them, both in page order."""

    blocks: list[Block] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    is_text: bool = False
    images: set[int] = field(default_factory=set)
    """Elements that an image stands in, however deep."""
    marks: dict[int, str] = field(default_factory=dict)
    """Elements that the source's settings name, and what they say of them."""

    def only(self, kept: Sequence[int]) -> "Page":
        """The page as if it had no blocks but these, given in page order."""
        for element in self.elements:
            element.start = bisect_left(kept, element.start)
            element.end = bisect_left(kept, element.end)
        return replace(self, blocks=[self.blocks[at] for at in kept])

    def ancestors(self, element: int) -> list[int]:
        """The element and all it stands in, from the inside out."""
        found = []
        while element >= 0:
            found.append(element)
            element = self.elements[element].parent
        return found


def cut_lines(lines: Sequence[str]) -> Page:
    """The blocks of a page saved as text: its lines that hold any text."""
    root = Element("body", -1, "", 0, 0)
    texts = (part.translate(INVISIBLE).strip() for line in lines for part in line.splitlines())
    blocks = [Block(text, 0) for text in texts if text]
    root.end = len(blocks)
    return Page(blocks, [root], is_text=True)


def cut_tree(tree: LexborHTMLParser, marked: Mapping[int, str] = MappingProxyType({})) -> Page:
    """The blocks of a parsed page; elements marked by their `mem_id` begin blocks of their own.

    Walks without recursion, in time linear in the nodes.
    """
    cutter = _Cutter(marked)
    root = tree.body or tree.root
    if root is not None:
        cutter.walk(root)
    return cutter.page


def tidy(text: str) -> str:
    """The text on one line, without invisible characters."""
    if not text.isascii():
        text = text.translate(INVISIBLE)
    return SPACE.sub(" ", text).strip()


def _is_story(node: LexborNode, tag: str) -> bool:
    return tag == "noscript" and len(node.text()) >= NOSCRIPT_STORY


class _Cutter:
    """Collects the text of the inline run at hand and closes it at block-level borders."""

    def __init__(self, marked: Mapping[int, str]) -> None:
        self.page = Page()
        self.marked = marked
        self.opened: list[tuple[int, bool, bool]] = []
        self.current = -1
        self.in_link = self.in_bold = 0
        self.start_run()

    def start_run(self) -> None:
        """Begin a new inline run; links and emphasis that are still open reach into it."""
        self.parts: list[str] = []
        self.link_chars = self.bold_chars = self.breaks = 0
        self.links = min(1, self.in_link)
        self.run_key = ""
        self.has_text = False

    def walk(self, root: LexborNode) -> None:
        """Go through the subtree in page order."""
        node: LexborNode | None = root
        for _ in range(MOST_NODES):
            if node is None:
                break
            child, tag = None, node.tag or ""
            if tag == "-text":
                self.add_text(node.text_content or "")
            elif tag not in SKIPPED or _is_story(node, tag):
                child = self.enter(node, tag)
            node = child if child is not None else self.following(node)
        while self.opened:
            self.close()
        self.flush()

    def following(self, node: LexborNode) -> LexborNode | None:
        """The next node in page order after the node's subtree; closes what ends here."""
        while self.opened:
            sibling = node.next
            if sibling is not None:
                return sibling
            parent = node.parent
            self.close()
            if parent is None:
                return None
            node = parent
        return None

    def enter(self, node: LexborNode, tag: str) -> LexborNode | None:
        """Take in an element; its first child when it has any."""
        if tag == "br":
            self.line_break()
        elif tag in IMAGES:
            self.take_image()
        child = node.first_child
        if child is not None:
            self.open(node, tag)
        return child

    def take_image(self) -> None:
        """Note the elements around an image."""
        at, images = self.current, self.page.images
        while at >= 0 and at not in images:
            images.add(at)
            at = self.page.elements[at].parent

    def open(self, node: LexborNode, tag: str) -> None:
        """Enter an element that has children."""
        attributes = node.attributes
        is_link, is_bold = tag == "a", tag in EMPHASIS
        self.in_link += is_link
        self.in_bold += is_bold
        is_hidden = bool(attributes) and _is_hidden(attributes)
        mark = self.marked.get(node.mem_id) if self.marked else None
        if tag in INLINE and not is_hidden and not mark:
            self.opened.append((-1, is_link, is_bold))
            self.links += is_link
            if not self.parts:
                self.run_key = _key(attributes) if attributes else ""
            return
        if self.parts:
            self.flush()
        elements = self.page.elements
        elements.append(self.element(tag, attributes, is_hidden))
        self.current = len(elements) - 1
        if mark:
            self.page.marks[self.current] = mark
        self.opened.append((self.current, is_link, is_bold))
        self.start_run()

    def element(self, tag: str, attributes: dict[str, str | None], is_hidden: bool) -> Element:
        """The element with what it stands in."""
        at, key, depth = self.current, "", 0
        flags = TAG_FLAGS.get(tag, 0)
        if at >= 0:
            outer = self.page.elements[at]
            flags |= outer.flags
            depth = outer.depth + 1
        if is_hidden:
            flags |= HIDDEN_FLAG
        if attributes:
            key = _key(attributes)
            if "articlebody" in (attributes.get("itemprop") or "").lower():
                flags |= BODY_FLAG
            if attributes.get("role") in ("dialog", "alertdialog") or "aria-modal" in attributes:
                flags |= DIALOG_FLAG
        return Element(tag, at, key, depth, flags, len(self.page.blocks))

    def close(self) -> None:
        """Leave the element entered last."""
        index, is_link, is_bold = self.opened.pop()
        if index >= 0 and self.parts:
            self.flush()
        self.in_link -= is_link
        self.in_bold -= is_bold
        if index < 0:
            return
        element = self.page.elements[index]
        element.end = len(self.page.blocks)
        self.current = element.parent

    def add_text(self, text: str) -> None:
        """Take a text node into the run."""
        self.parts.append(text)
        if text.isspace():
            return
        self.breaks = 0
        self.has_text = True
        if self.in_link:
            self.link_chars += len(text.strip())
        if self.in_bold:
            self.bold_chars += len(text.strip())

    def line_break(self) -> None:
        """One line break is a space, two in a row end the block."""
        self.breaks += 1
        self.parts.append(" ")
        if self.breaks > 1:
            self.flush()

    def flush(self) -> None:
        """Close the run: a block when it holds any text."""
        if self.has_text:
            text = tidy("".join(self.parts))
            if text:
                self.page.blocks.append(self.block(text))
        if self.parts:
            self.start_run()

    def block(self, text: str) -> Block:
        """The run as a block."""
        links = self.links if self.link_chars else 0
        return Block(text, self.current, self.run_key, self.link_chars, links, self.bold_chars)


def _key(attributes: dict[str, str | None]) -> str:
    """Class, id and role as one lower-case string."""
    names = [name for part in NAMING if (name := attributes.get(part))]
    return " ".join(names)[:300].lower() if names else ""


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    """Whether the element itself says it is not to be shown."""
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    style = attributes.get("style")
    return bool(style and HIDDEN_STYLE.search(style))
