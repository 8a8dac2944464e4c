"""Split a page into blocks: runs of text without a block-level break."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.prompts.inline_elements import (
    BLOCK,
    BLOCK_STYLE,
    EMBEDDED,
    FORM_PARTS,
    INLINE,
    SILENT,
    SKIPPED,
    is_glued,
    is_link,
    is_part_of_line,
    styled_elements,
    text_of,
)
from tasks.prompts.page import (
    BODY_FLAG,
    DIALOG_FLAG,
    HIDDEN_FLAG,
    TAG_FLAGS,
    Block,
    Element,
    Page,
)

# Characters from which a noscript is read: some sites put the whole article into one and have
# scripts show it, `<noscript id="as-https-..."><div class="story-content"><p>`.
MIN_NOSCRIPT_CHARS = 500
IMAGES = frozenset({"img", "picture", "amp-img"})
CONTROLS = frozenset({"button", "form", "amp-form"})
EMPHASIS = frozenset(("b", "strong", "em", "i", "h1", "h2", "h3", "h4", "h5", "h6"))
MEANING_ATTRIBUTES = frozenset({"itemprop", "role", "aria-modal"})
NAME_ATTRIBUTES = ("class", "id", "role")
MAX_NODES = 500_000  # Later nodes of a page are not read; the corpus's largest page has 20,000
# Begins a paragraph where a single `<br>` ends the one before, as `<br>　　` does in Chinese.
INDENT = re.compile("[ \\t\\r\\n]*(?:\u3000|\u00a0{2})")
# A zero-width non-joiner is spelling in scripts from Arabic to Malayalam: Persian plurals have one.
INVISIBLE = re.compile(
    "[\u00ad\u200b\u200e\u200f\u2060\ufeff]|(?<![\u0600-\u0d7f])\u200c|\u200c(?![\u0600-\u0d7f])"
)


def split_lines(lines: Sequence[str]) -> Page:
    """The blocks of a page saved as text: its lines that hold any text."""
    parts = (visible(part) for line in lines for part in line.splitlines())
    texts = (part.replace("\u00a0", " ").strip() for part in parts)
    blocks = [Block(text, 0) for text in texts if text]
    return Page(blocks, [Element("body", -1, "", 0, 0, 0, len(blocks))], is_text=True)


def split_tree(
    tree: LexborHTMLParser, overridden: Mapping[int, str] = MappingProxyType({})
) -> Page:
    """The blocks of a parsed page; overridden elements, by `mem_id`, begin blocks of their own.

    Walks without recursion, in time linear in the nodes.
    """
    hidden, inline = styled_elements(tree)
    splitter = _Splitter(overridden, hidden, inline)
    root = tree.body or tree.root
    if root is not None:
        splitter.walk(root)
    return splitter.page


def visible(text: str) -> str:
    """The text without invisible characters."""
    return text if text.isascii() else INVISIBLE.sub("", text)


class _Run(NamedTuple):
    """An interrupted inline run: its text, characters in links and bold and links, addresses."""

    parts: list[str]
    counts: tuple[int, int, int]
    targets: list[str]
    node: LexborNode | None


class _Splitter:
    """Collects the text of the inline run at hand and closes it at block-level borders."""

    def __init__(
        self, overridden: Mapping[int, str], hidden: frozenset[int], inline: frozenset[int]
    ) -> None:
        self.page = Page()
        self.overridden, self.hidden, self.inline = overridden, hidden, inline
        self.apart = hidden.union(overridden)
        self.opened: list[tuple[LexborNode, int, bool, bool]] = []
        # The sentence that each hidden inline element interrupts, by the element's index.
        self.around: dict[int, _Run] = {}
        self.current = -1
        self.in_link = self.in_bold = self.links = 0
        self.target = ""
        self.targets = list[str]()
        self.parts = list[str]()
        self.run_node: LexborNode | None = None
        self.start_run()

    def start_run(self) -> None:
        """Begin a new inline run."""
        self.parts.clear()
        self.link_chars = self.bold_chars = self.breaks = 0
        self.has_text = self.has_gap = False

    def walk(self, root: LexborNode) -> None:
        """Go through the subtree in page order."""
        node: LexborNode | None = root
        for _ in range(MAX_NODES):
            if node is None:
                break
            child, tag = None, node.tag or ""
            if tag == "-text":
                self.add_text(text_of(node))
            elif tag == "rt" and (node.parent is None or node.parent.css_first("rp") is None):
                pass  # Only between the brackets of `rp` a ruby reads as text, `橋（はし）`.
            elif tag not in SKIPPED or (
                tag == "noscript" and len(node.text()) >= MIN_NOSCRIPT_CHARS
            ):
                child = self.enter(node, tag)
            elif tag in EMBEDDED:
                self.has_gap = self.has_text
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
        """Enter an element; returns its first child, None without one."""
        if tag == "br":
            self.line_break()
        elif tag in IMAGES:
            self.note(self.page.images)
        elif tag == "input":
            self.note(self.page.controls)
        child = node.first_child
        if child is None:
            self.separate(node, tag)
            return None
        leads, is_bold = tag == "a" and is_link(node), tag in EMPHASIS
        self.in_link += leads
        self.in_bold += is_bold
        # An inline element that is hidden or named by an override becomes a block of its own.
        is_inline = tag in INLINE or (
            (tag not in BLOCK or node.mem_id in self.inline)
            and is_part_of_line(node, tag, has_text=self.has_text)
        )
        if is_inline and not (self.apart and node.mem_id in self.apart):
            self.opened.append((node, -1, leads, is_bold))
            self.links += leads
            # A button has a border: `said Professor<button>Malone</button>`.
            if tag in FORM_PARTS and self.parts and self.parts[-1][-1:].islower():
                self.parts.append(" ")
            if not self.parts:
                self.run_node = node
        else:
            self.opened.append((node, self.open(node, tag), leads, is_bold))
        if leads:
            self.target = node.attributes.get("href") or ""
            self.targets.append(self.target)
        return child

    def separate(self, node: LexborNode, tag: str) -> None:
        """Keep apart the texts before and after an element without any content."""
        if not self.has_text or tag in SILENT:
            return
        style = node.attributes.get("style") or "" if tag == "ins" else ""
        if tag in BLOCK or BLOCK_STYLE.search(style):
            self.flush()
        else:
            self.has_gap = True

    def note(self, holders: set[int]) -> None:
        """Add the current element and those around it to `holders`."""
        at = self.current
        while at >= 0 and at not in holders:
            holders.add(at)
            at = self.page.elements[at].parent

    def open(self, node: LexborNode, tag: str) -> int:
        """Enter a block-level element; returns its index."""
        around = None
        # A pop-over, `on <span hidden>Explained</span> Tuesday`, does not end its sentence.
        if tag in INLINE and node.mem_id in self.hidden and self.has_text:
            counts = self.link_chars, self.bold_chars, self.links
            around = _Run(self.parts.copy(), counts, self.targets, self.run_node)
            self.start_run()
        self.flush()
        elements, at, key, depth = self.page.elements, self.current, "", 0
        flags = TAG_FLAGS.get(tag, 0)
        if at >= 0:
            outer = elements[at]
            flags |= outer.flags
            depth = outer.depth + 1
        if attributes := node.attributes:
            key = _key(attributes)
            if not MEANING_ATTRIBUTES.isdisjoint(attributes):
                is_body = "articlebody" in (attributes.get("itemprop") or "").lower()
                role = attributes.get("role")
                is_dialog = "aria-modal" in attributes or role in ("dialog", "alertdialog")
                flags |= BODY_FLAG * is_body | DIALOG_FLAG * is_dialog
        self.current = len(elements)
        if self.apart and node.mem_id in self.apart:
            flags |= HIDDEN_FLAG if node.mem_id in self.hidden else 0
            if override := self.overridden.get(node.mem_id):
                self.page.overrides[self.current] = override
        elements.append(Element(tag, at, key, depth, flags, len(self.page.blocks)))
        if tag in CONTROLS:
            self.note(self.page.controls)
        if around:
            self.around[self.current] = around
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
                self.parts[:], counts, self.targets, self.run_node = around
                self.link_chars, self.bold_chars, self.links = counts
                self.has_text = True
            # Most elements of a page contain no text; without them, columns stay small.
            if element.end == element.start:
                page.elements.pop()
                page.images.discard(index)
                page.controls.discard(index)
                page.overrides.pop(index, None)
        self.in_link -= is_link
        if is_link:
            self.target = ""
        self.in_bold -= is_bold
        return node

    def add_text(self, text: str) -> None:
        """Add a text to the run, and count its characters in links and in bold."""
        if self.breaks and self.has_text and INDENT.match(text):
            self.flush()
        if text.isspace():
            self.parts.append(text)
            return
        if self.has_gap and is_glued(self.parts[-1], text):
            self.parts.append(" ")
        self.parts.append(text)
        self.breaks = 0
        self.has_text, self.has_gap = True, False
        if self.in_link or self.in_bold:
            size = len(text.strip())
            self.link_chars += size if self.in_link else 0
            self.bold_chars += size if self.in_bold else 0

    def line_break(self) -> None:
        """One line break is a space; two in a row end the block, as does one before an indent."""
        self.breaks += 1
        self.parts.append(" ")
        if self.breaks > 1:
            self.flush()

    def flush(self) -> None:
        """Close the run: it becomes a block if it has text. An open link continues in the next."""
        if self.has_text and (text := " ".join(visible("".join(self.parts)).split())):
            key = _key(self.run_node.attributes) if self.run_node else ""
            links = self.links if self.link_chars else 0
            targets = tuple(self.targets) if self.link_chars else ()
            self.page.blocks.append(
                Block(text, self.current, key, self.link_chars, links, self.bold_chars, targets)
            )
        if self.parts:
            self.start_run()
        self.links = 1 if self.in_link else 0
        self.targets = [self.target] if self.in_link else []
        self.run_node = None


def _key(attributes: dict[str, str | None]) -> str:
    """Class, id and role as one lower-case string."""
    return " ".join(filter(None, map(attributes.get, NAME_ATTRIBUTES)))[:300].lower()
