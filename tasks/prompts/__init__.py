"""Strip what asks the reader to subscribe, keep what the paper wrote."""

from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from tasks.model import Cleaned
from tasks.prompts.blocks import Page, cut_lines, cut_tree
from tasks.prompts.forest import load_model
from tasks.prompts.hints import Hints
from tasks.prompts.roles import assign_roles, find_headline
from tasks.prompts.select import (
    Draft,
    Role,
    explain,
    keep_article,
    score_blocks,
    strip_clusters,
    strip_copies,
    strip_foreign,
    strip_likely_prompts,
    strip_prompts,
)

__all__ = ["Hints", "clean_lines", "clean_tree"]


def clean_tree(tree: LexborHTMLParser, hints: Hints) -> Cleaned:
    """The article of a parsed page, and what was taken out of it."""
    return _clean(cut_tree(tree), hints)


def clean_lines(lines: Sequence[str], hints: Hints) -> Cleaned:
    """The article of a page saved as text, and what was taken out of it."""
    return _clean(cut_lines(lines), hints)


def _clean(page: Page, hints: Hints) -> Cleaned:
    if not page.blocks:
        return Cleaned()
    headline = find_headline(page, hints.headline)
    model = load_model()
    return finish(score_blocks(page, headline, hints.description or "", model), headline, hints)


def finish(draft: Draft, headline: int, hints: Hints) -> Cleaned:
    """From scores to the article: choose, strip, give roles."""
    keep_article(draft)
    strip_foreign(draft, headline)
    strip_prompts(draft, hints.language)
    strip_likely_prompts(draft)
    strip_clusters(draft)
    strip_copies(draft)
    assign_roles(draft, headline, hints)
    return _cleaned(draft)


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
        byline=single[Role.BYLINE],
        stripped=explain(draft),
    )
