"""Apply the `strip` and `keep` overrides of a source's settings.

The most specific override wins: one on a block's text, then one on the nearest enclosing element.
On the same text or element `strip` wins.
"""

from typing import Literal

from selectolax.lexbor import LexborHTMLParser

from tasks.prompts.draft import Draft, Role
from tasks.prompts.page import Page
from tasks.prompts.word_weights import fold
from tasks.sources.source import BlockOverrides, selectors, texts

Override = Literal["strip", "keep"]


def overridden_nodes(tree: LexborHTMLParser, overrides: BlockOverrides) -> dict[int, str]:
    """The elements that selectors match, by `mem_id`, each with `strip` or `keep`."""
    found: dict[int, str] = {}
    for override, named in (("keep", overrides.keep), ("strip", overrides.strip)):
        for selector in selectors(named):
            found |= {node.mem_id: override for node in tree.css(selector)}
    return found


def overridden_blocks(page: Page, overrides: BlockOverrides, wanted: Override) -> frozenset[int]:
    """Indexes of the blocks to be stripped, or to be kept."""
    if not (overrides.strip if wanted == "strip" else overrides.keep):
        return frozenset()
    whole: dict[str, set[str]] = {"strip": set(), "keep": set()}
    beginnings: dict[str, tuple[str, ...]] = {"strip": (), "keep": ()}
    for override, named in (("strip", overrides.strip), ("keep", overrides.keep)):
        for text in texts(named):
            if text[-1:] == "*":
                beginnings[override] += (fold(text),)
            else:
                whole[override].add(fold(text))
    by_element: list[str] = []
    for at, element in enumerate(page.elements):
        around = by_element[element.parent] if element.parent >= 0 else ""
        by_element.append(page.overrides.get(at, around))

    def override_of(text: str, element: int) -> str:
        for override, known in whole.items():
            if text in known or text.startswith(beginnings[override]):
                return override
        return by_element[element]

    blocks = enumerate(page.blocks)
    return frozenset(at for at, b in blocks if override_of(fold(b.text), b.element) == wanted)


def keep_overridden(draft: Draft, kept: frozenset[int]) -> None:
    """Make these blocks body text unless they have another role."""
    for at in kept:
        draft.reasons.pop(at, None)
        draft.roles.setdefault(at, Role.BODY)
