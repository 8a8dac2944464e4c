"""Split a page into text blocks, in page order, with the elements that contain them."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from selectolax.lexbor import LexborHTMLParser, LexborNode

_SKIPPED = """script style noscript template svg math iframe object embed head select option
datalist textarea canvas audio video map frameset rp rt"""
SKIPPED = frozenset(_SKIPPED.split())
# Characters from which a noscript is read: some sites put the whole article into one and have
# scripts show it, `<noscript id="as-https-..."><div class="story-content"><p>`.
NOSCRIPT_STORY = 500
_INLINE = """
a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark nobr
q rb ruby s samp small span strike strong sub sup time tt u var wbr img
picture source br
"""
INLINE = frozenset(_INLINE.split())
IMAGES = frozenset({"img", "picture", "amp-img"})
EMPHASIS = frozenset(("b", "strong", "em", "i", "h1", "h2", "h3", "h4", "h5", "h6"))
_FLAGGED = """
article main header footer aside nav form figure figcaption
ul ol table blockquote section dialog button label dl li
"""
TAG_FLAGS = {tag: 1 << bit for bit, tag in enumerate(_FLAGGED.split())}
BODY_FLAG, HIDDEN_FLAG, DIALOG_FLAG = 1 << 24, 1 << 25, 1 << 26
TELLING = frozenset({"itemprop", "role", "aria-modal"})
NAMING = ("class", "id", "role")
MOST_NODES = 500_000  # Later nodes of a page are not read; the corpus's largest page has 20,000
MAY_HIDE = "[hidden], [style]"
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
INVISIBLE = "\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff"


@dataclass(slots=True)
class Element:
    """A block-level element: its blocks are `start` to `end` of the page's."""

    tag: str
    parent: int
    key: str  # Its class, id and role, lower case
    depth: int
    flags: int  # TAG_FLAGS, BODY_FLAG, HIDDEN_FLAG and DIALOG_FLAG of it and its ancestors
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
    images: set[int] = field(default_factory=set)  # Elements with an image anywhere inside
    # `strip` or `keep` for the elements that the source's settings name.
    marks: dict[int, str] = field(default_factory=dict)

    def only(self, kept: Sequence[int]) -> "Page":
        """The page as if it had no blocks but these, given in page order."""
        for element in self.elements:
            element.start = bisect_left(kept, element.start)
            element.end = bisect_left(kept, element.end)
        return replace(self, blocks=[self.blocks[at] for at in kept])

    def ancestors(self, element: int, most: int = MOST_NODES) -> list[int]:
        """The element and its ancestors, innermost first."""
        found: list[int] = []
        while element >= 0 and len(found) < most:
            found.append(element)
            element = self.elements[element].parent
        return found


def cut_lines(lines: Sequence[str]) -> Page:
    """The blocks of a page saved as text: its lines that hold any text."""
    parts = (visible(part) for line in lines for part in line.splitlines())
    texts = (part.replace("\u00a0", " ").strip() for part in parts)
    blocks = [Block(text, 0) for text in texts if text]
    return Page(blocks, [Element("body", -1, "", 0, 0, 0, len(blocks))], is_text=True)


def cut_tree(tree: LexborHTMLParser, marked: Mapping[int, str] = MappingProxyType({})) -> Page:
    """The blocks of a parsed page; elements marked by their `mem_id` begin blocks of their own.

    Walks without recursion, in time linear in the nodes.
    """
    hidden = set[int]()
    for node in tree.css(MAY_HIDE):
        said = node.attributes
        is_hidden = said.get("hidden", "until-found") != "until-found"
        if is_hidden or HIDDEN_STYLE.search(said.get("style") or ""):
            hidden.add(node.mem_id)
    cutter = _Cutter(marked, frozenset(hidden))
    root = tree.body or tree.root
    if root is not None:
        cutter.walk(root)
    return cutter.page


def tidy(text: str) -> str:
    """The text on one line, without invisible characters."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """The text without invisible characters."""
    if not text.isascii():
        for sign in INVISIBLE:
            text = text.replace(sign, "")
    return text


class _Cutter:
    """Collects the text of the inline run at hand and closes it at block-level borders."""

    def __init__(self, marked: Mapping[int, str], hidden: frozenset[int]) -> None:
        self.page = Page()
        self.marked, self.hidden = marked, hidden
        self.apart = hidden.union(marked)
        self.opened: list[tuple[LexborNode, int, bool, bool]] = []
        # The sentences that hidden inline elements stand in, by the element: (parts, counts).
        self.around: dict[int, tuple[list[str], tuple[int, int, int], LexborNode | None]] = {}
        self.current = -1
        self.in_link = self.in_bold = self.links = 0
        self.parts = list[str]()
        self.run_node: LexborNode | None = None
        self.start_run()

    def start_run(self) -> None:
        """Begin a new inline run."""
        self.parts.clear()
        self.link_chars = self.bold_chars = self.breaks = 0
        self.has_text = False

    def walk(self, root: LexborNode) -> None:
        """Go through the subtree in page order."""
        node: LexborNode | None = root
        parts = self.parts
        for _ in range(MOST_NODES):
            if node is None:
                break
            child, tag = None, node.tag or ""
            if tag == "-text":
                parts.append(node.text_content or "")
                if not parts[-1].isspace():
                    self.add_text(parts[-1])
            elif tag not in SKIPPED or (tag == "noscript" and len(node.text()) >= NOSCRIPT_STORY):
                child = self.enter(node, tag)
            if child is None and self.opened:
                child = node.next
            node = self.following() if child is None else child
        while self.opened:
            self.close()
        self.flush()

    def following(self) -> LexborNode | None:
        """The next node in page order after the elements that end here, which are closed."""
        while self.opened:
            node = self.close()
            if self.opened and (sibling := node.next) is not None:
                return sibling
        return None

    def enter(self, node: LexborNode, tag: str) -> LexborNode | None:
        """Take in an element; its first child when it has any."""
        if tag == "br":
            self.line_break()
        elif tag in IMAGES:
            self.take_image()
        child = node.first_child
        if child is None:
            return None
        is_link, is_bold = tag == "a", tag in EMPHASIS
        self.in_link += is_link
        self.in_bold += is_bold
        # An inline element that is hidden or named by an override becomes a block of its own.
        if tag in INLINE and not (self.apart and node.mem_id in self.apart):
            self.opened.append((node, -1, is_link, is_bold))
            self.links += is_link
            if not self.parts:
                self.run_node = node
        else:
            around = None
            # A pop-over, `on <span hidden>Explained</span> Tuesday`, does not end its sentence.
            if tag in INLINE and node.mem_id in self.hidden and self.has_text:
                counts = self.link_chars, self.bold_chars, self.links
                around = self.parts.copy(), counts, self.run_node
                self.start_run()
            self.flush()
            self.opened.append((node, self.open(node, tag), is_link, is_bold))
            if around:
                self.around[self.current] = around
        return child

    def take_image(self) -> None:
        """Note the elements around an image."""
        at, images = self.current, self.page.images
        while at >= 0 and at not in images:
            images.add(at)
            at = self.page.elements[at].parent

    def open(self, node: LexborNode, tag: str) -> int:
        """Enter a block-level element; its index."""
        elements, at, key, depth = self.page.elements, self.current, "", 0
        flags = TAG_FLAGS.get(tag, 0)
        if at >= 0:
            outer = elements[at]
            flags |= outer.flags
            depth = outer.depth + 1
        if attributes := node.attributes:
            key = _key(attributes)
            if not TELLING.isdisjoint(attributes):
                is_body = "articlebody" in (attributes.get("itemprop") or "").lower()
                role = attributes.get("role")
                is_dialog = "aria-modal" in attributes or role in ("dialog", "alertdialog")
                flags |= BODY_FLAG * is_body | DIALOG_FLAG * is_dialog
        self.current = len(elements)
        if self.apart and node.mem_id in self.apart:
            flags |= HIDDEN_FLAG if node.mem_id in self.hidden else 0
            if mark := self.marked.get(node.mem_id):
                self.page.marks[self.current] = mark
        elements.append(Element(tag, at, key, depth, flags, len(self.page.blocks)))
        return self.current

    def close(self) -> LexborNode:
        """Leave the element entered last; an element without blocks is forgotten."""
        node, index, is_link, is_bold = self.opened.pop()
        page = self.page
        if index >= 0:
            if self.parts:
                self.flush()
            element = page.elements[index]
            self.current = element.parent
            element.end = len(page.blocks)
            if around := self.around.pop(index, None):
                self.parts[:], (self.link_chars, self.bold_chars, self.links), self.run_node = (
                    around
                )
                self.has_text = True
            # Most elements of a page contain no text; without them, columns stay small.
            if element.end == element.start:
                page.elements.pop()
                page.images.discard(index)
                page.marks.pop(index, None)
        self.in_link -= is_link
        self.in_bold -= is_bold
        return node

    def add_text(self, text: str) -> None:
        """Count what the run's last text says."""
        self.breaks = 0
        self.has_text = True
        if self.in_link or self.in_bold:
            size = len(text.strip())
            self.link_chars += size if self.in_link else 0
            self.bold_chars += size if self.in_bold else 0

    def line_break(self) -> None:
        """One line break is a space, two in a row end the block."""
        self.breaks += 1
        self.parts.append(" ")
        if self.breaks > 1:
            self.flush()

    def flush(self) -> None:
        """Close the run: a block when it holds any text. An open link reaches into the next."""
        if self.has_text and (text := tidy("".join(self.parts))):
            key = _key(self.run_node.attributes) if self.run_node else ""
            links = self.links if self.link_chars else 0
            block = Block(text, self.current, key, self.link_chars, links, self.bold_chars)
            self.page.blocks.append(block)
        if self.parts:
            self.start_run()
        self.links = 1 if self.in_link else 0
        self.run_node = None


def _key(attributes: dict[str, str | None]) -> str:
    """Class, id and role as one lower-case string."""
    return " ".join(filter(None, map(attributes.get, NAMING)))[:300].lower()
