"""Strip what asks the reader to subscribe, keep what the paper wrote."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser

from tasks.model import Cleaned, StrippedBlock
from tasks.prompts.blocks import Block, Page, cut_lines, cut_tree
from tasks.prompts.clusters import strip_boxes, strip_clusters, strip_lists
from tasks.prompts.forest import load_model
from tasks.prompts.hints import Hints
from tasks.prompts.noise import is_clean, settle
from tasks.prompts.roles import assign_roles, find_headline
from tasks.prompts.saved import take_as_is
from tasks.prompts.select import (
    Draft,
    Role,
    explain,
    keep_article,
    rescue_article,
    score_blocks,
    strip_copies,
    strip_foreign,
    strip_likely_prompts,
    strip_prompts,
)
from tasks.prompts.words import fold

__all__ = ["Hints", "clean_lines", "clean_tree"]

MOST_BLOCKS = 8000
"""Of a longer page so many blocks are read: from shortly before its headline on, or the first."""
BEFORE = 500
"""Blocks read before the headline of such a page."""


def clean_tree(tree: LexborHTMLParser, hints: Hints) -> Cleaned:
    """The article of a parsed page, and what was taken out of it."""
    return _clean(cut_tree(tree), hints)


def clean_lines(lines: Sequence[str], hints: Hints) -> Cleaned:
    """The article of a page saved as text, and what was taken out of it."""
    page = cut_lines(lines)
    texts = [block.text for block in page.blocks]
    return take_as_is(texts, hints) if is_clean(texts, hints.language) else _clean(page, hints)


def _clean(page: Page, hints: Hints) -> Cleaned:
    if not page.blocks:
        return Cleaned()
    headline, skipped = find_headline(page, hints.headline), 0
    whole = page.blocks
    if len(whole) > MOST_BLOCKS:
        skipped = max(0, headline - BEFORE)
        page = page.window(skipped, MOST_BLOCKS)
        headline -= skipped if headline >= 0 else 0
    cleaned = finish(score_blocks(page, headline, hints, load_model()), headline, hints)
    return cleaned if page.blocks is whole else _unread(cleaned, whole, skipped)


def _unread(cleaned: Cleaned, whole: list[Block], skipped: int) -> Cleaned:
    """The result for all of a page of which only MOST_BLOCKS blocks from `skipped` on were read."""
    end = skipped + MOST_BLOCKS
    outside = [*range(skipped), *range(end, len(whole))]
    unread = [StrippedBlock(whole[at].text, "furniture", "size:unread", at) for at in outside]
    read = [replace(block, position=block.position + skipped) for block in cleaned.stripped]
    stripped = sorted([*read, *unread], key=lambda block: block.position)
    return replace(cleaned, stripped=tuple(stripped))


def finish(draft: Draft, headline: int, hints: Hints) -> Cleaned:
    """From scores to the article: choose, strip, give roles."""
    draft.safe = frozenset(_repeated(draft, headline, hints))
    keep_article(draft)
    strip_foreign(draft, headline)
    strip_prompts(draft, hints.language)
    strip_likely_prompts(draft)
    strip_boxes(draft)
    strip_lists(draft)
    strip_clusters(draft)
    rescue_article(draft)
    strip_copies(draft)
    assign_roles(draft, headline, hints)
    settle(draft, hints.language)
    return _cleaned(draft)


def _repeated(draft: Draft, headline: int, hints: Hints) -> Iterator[int]:
    """The headline, and the standfirst right after it, where the page's metadata repeat them."""
    blocks = draft.page.blocks
    if headline < 0 or fold(blocks[headline].text) != fold(hints.headline):
        return
    yield headline
    for at in range(headline + 1, min(headline + 9, len(blocks))):
        text = fold(blocks[at].text[:600])
        if len(text) > 12 and text[:200] == fold(hints.description)[:200]:
            yield at


def _cleaned(draft: Draft) -> Cleaned:
    texts: dict[Role, list[str]] = {role: [] for role in Role}
    for at, role in sorted(draft.roles.items()):
        texts[role].append(draft.page.blocks[at].text)
    single = {role: (found[0] if found else None) for role, found in texts.items()}
    return Cleaned(
        paragraphs=tuple(texts[Role.BODY]),
        captions=tuple(dict.fromkeys(texts[Role.CAPTION])),
        kicker=single[Role.KICKER],
        headline=single[Role.HEADLINE],
        standfirst=single[Role.STANDFIRST],
        byline=draft.byline,
        section=draft.section,
        stripped=explain(draft),
    )
