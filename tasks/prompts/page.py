"""A page as blocks of text, in page order, with the elements that contain them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

_FLAGGED = """
article main header footer aside nav form figure figcaption
ul ol table blockquote section dialog button label dl li
"""
TAG_FLAGS = {tag: 1 << bit for bit, tag in enumerate(_FLAGGED.split())}
BODY_FLAG, HIDDEN_FLAG, DIALOG_FLAG = 1 << 24, 1 << 25, 1 << 26


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
    targets: tuple[str, ...] = ()  # Addresses of its links, as written


@dataclass(slots=True)
class Page:
    """A page's blocks and the block-level elements around them, both in page order."""

    blocks: list[Block] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    is_text: bool = False
    images: set[int] = field(default_factory=set)  # Elements with an image anywhere inside
    controls: set[int] = field(default_factory=set)  # Elements with a button or an input field
    # `strip` or `keep` for the elements that the source's settings name.
    overrides: dict[int, str] = field(default_factory=dict)

    def only(self, kept: Sequence[int]) -> "Page":
        """The page as if it had no blocks but these, given in page order."""
        elements = [
            replace(one, start=bisect_left(kept, one.start), end=bisect_left(kept, one.end))
            for one in self.elements
        ]
        return replace(self, blocks=[self.blocks[at] for at in kept], elements=elements)

    def ancestors(self, element: int, most: int | None = None) -> list[int]:
        """The element and its ancestors, innermost first."""
        found: list[int] = []
        while element >= 0 and (most is None or len(found) < most):
            found.append(element)
            element = self.elements[element].parent
        return found
