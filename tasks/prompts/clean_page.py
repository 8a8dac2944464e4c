"""Clean a page: the order in which blocks are scored, kept, stripped and given roles."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser

from tasks.model import Cleaned, StrippedBlock
from tasks.prompts.apply_overrides import keep_overridden, overridden_blocks, overridden_nodes
from tasks.prompts.block_model import load_model
from tasks.prompts.block_roles import assign_roles, find_headline, is_description_of
from tasks.prompts.block_selection import (
    keep_article,
    rescue_article,
    strip_comments_heading,
    strip_copies,
    strip_foreign,
)
from tasks.prompts.draft import Draft, Role, explain, score_blocks
from tasks.prompts.link_lines import strip_link_lines
from tasks.prompts.linked_paragraphs import strip_linked_paragraphs
from tasks.prompts.never_text import is_clean, lines_of_sure_rules, strip_leftovers
from tasks.prompts.page import Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.page_signals import page_signals, prose_words
from tasks.prompts.prompt_clusters import (
    keep_announced_lists,
    strip_boxes,
    strip_clusters,
    strip_lists,
)
from tasks.prompts.prompt_evidence import (
    keep_quotations,
    running_text,
    strip_likely_prompts,
    strip_offers,
    strip_prompts,
)
from tasks.prompts.saved_text_prompts import find_prompts
from tasks.prompts.split_into_blocks import split_lines, split_tree
from tasks.prompts.stated_text import join_stated, stated_lines
from tasks.prompts.strip_boilerplate import strip_recurring
from tasks.prompts.text_pages import assign_text_roles
from tasks.prompts.text_rules import find_rule
from tasks.prompts.word_weights import fold

# Most blocks that are read of a page: from shortly before its headline, else from its start.
MAX_BLOCKS = 8000
BLOCKS_BEFORE_HEADLINE = 500  # of such a page
UNREAD = "furniture", "size:unread"
MIN_ENTRY_CHARS = 20  # letters and digits
MAX_ROUNDS = 8  # that strip prompts from a page saved as text; labelled pages take three at most


def clean_tree(tree: LexborHTMLParser, hints: Hints) -> Cleaned:
    """The article of a parsed page, and every block that was removed from it, with the reason."""
    page = split_tree(tree, overridden_nodes(tree, hints.overrides))
    texts = [block.text for block in page.blocks]
    return add_stated_text(_clean(page, hints), hints, texts)


def add_stated_text(shown: Cleaned, hints: Hints, texts: Sequence[str]) -> Cleaned:
    """What a page with blocks of these texts shows, or the text of JSON-LD if that is far more."""
    lines = stated_lines(shown, hints.body)
    if not hints.headline or not lines:
        return shown
    # With the headline for a first line, none of the stated text is taken for one.
    return join_stated(shown, clean_lines([hints.headline, *lines], hints), texts)


def clean_lines(lines: Sequence[str], hints: Hints) -> Cleaned:
    """The article of a page saved as text, given as lines, and every block that was removed."""
    return _clean(split_lines(lines), hints)


def _clean(page: Page, hints: Hints) -> Cleaned:
    # What the source strips is removed first, so that neither model nor rules see it.
    overridden = overridden_blocks(page, hints.overrides, "strip")
    if not overridden:
        return _clean_rest(page, hints)
    rules = {at: find_rule(page.blocks[at].text, hints.language) for at in overridden}
    gone = {at: (rule.kind if rule else "furniture", "source:strip") for at, rule in rules.items()}
    rest = page.only([at for at in range(len(page.blocks)) if at not in gone])
    return _with_unread(_clean_rest(rest, hints), page, gone)


def _clean_rest(page: Page, hints: Hints) -> Cleaned:
    return _clean_text(page, hints) if page.is_text else _clean_blocks(page, hints)


def _clean_text(page: Page, hints: Hints, rounds: int = MAX_ROUNDS) -> Cleaned:
    """The article of a page saved as text, of which no line reads like a prompt.

    Repeated without the lines that do, since the others may score otherwise without them: so a
    cleaned text that is cleaned again stays as it is.
    """
    texts = [block.text for block in page.blocks]
    beside = lines_of_sure_rules(
        texts, hints.language, overridden_blocks(page, hints.overrides, "keep")
    )
    article = page.only([at for at in range(len(texts)) if at not in beside])
    if beside and clean_unchanged_text(article, hints):
        return _with_unread(_clean_text(article, hints, rounds), page, beside)
    cleaned = clean_unchanged_text(page, hints) or _clean_blocks(page, hints)
    heads = filter(None, (cleaned.kicker, cleaned.headline, cleaned.standfirst))
    kept = split_lines([*heads, *cleaned.captions, *cleaned.paragraphs])
    is_read = rounds and 0 < len(kept.blocks) <= MAX_BLOCKS
    prompts = find_prompts(kept, hints) if is_read else {}
    gone = {at: prompts[text] for at, text in enumerate(texts) if text in prompts}
    if not gone:
        return cleaned
    rest = page.only([at for at in range(len(texts)) if at not in gone])
    return _with_unread(_clean_text(rest, hints, rounds - 1), page, gone)


def _clean_blocks(page: Page, hints: Hints) -> Cleaned:
    if not page.blocks:
        return Cleaned()
    headline = find_headline(page, hints.headline)
    if len(page.blocks) <= MAX_BLOCKS:
        return finish(score_blocks(page, headline, hints, load_model()), headline, hints)
    start = max(0, headline - BLOCKS_BEFORE_HEADLINE)
    seen = range(start, min(start + MAX_BLOCKS, len(page.blocks)))
    unread = {at: UNREAD for at in range(len(page.blocks)) if at not in seen}
    part = page.only(seen)
    headline = headline - start if headline >= 0 else -1
    read = finish(score_blocks(part, headline, hints, load_model()), headline, hints)
    return _with_unread(read, page, unread)


def clean_unchanged_text(page: Page, hints: Hints) -> Cleaned | None:
    """A page saved as text with nothing to remove; None for every other page."""
    if not page.is_text:
        return None
    texts = [block.text for block in page.blocks]
    kept = overridden_blocks(page, hints.overrides, "keep")
    return assign_text_roles(texts, hints) if is_clean(texts, hints.language, kept) else None


def _with_unread(cleaned: Cleaned, page: Page, unread: dict[int, tuple[str, str]]) -> Cleaned:
    """The result for the whole page; `unread` gives kind and rule of each block left out."""
    read = [at for at in range(len(page.blocks)) if at not in unread]
    stripped = [replace(block, position=read[block.position]) for block in cleaned.stripped]
    kept = set(read).difference(block.position for block in stripped)
    first, last = min(kept, default=0), max(kept, default=-1)
    stripped += (
        StrippedBlock(page.blocks[at].text, *why, at, page.is_text or first < at < last)
        for at, why in unread.items()
    )
    return replace(cleaned, stripped=tuple(sorted(stripped, key=lambda block: block.position)))


def finish(draft: Draft, headline: int, hints: Hints) -> Cleaned:
    """Turn scores into the article: choose blocks, strip prompts, assign roles."""
    kept = overridden_blocks(draft.page, hints.overrides, "keep").union(_entries(draft, hints))
    draft.protected = kept.union(_repeated(draft, headline, hints))
    # The order matters: neighbours of a prompt are judged once the prompt itself is known, and the
    # fallback for a page of which nothing is left sees the reasons collected so far.
    keep_article(draft)
    keep_overridden(draft, kept)
    strip_foreign(draft, headline, is_live=hints.is_live)
    running = running_text(draft)
    keep_quotations(draft, running)
    strip_prompts(draft, hints.language, running)
    strip_likely_prompts(draft, running)
    strip_offers(draft)
    strip_lists(draft, hints.language)
    strip_clusters(draft, running)
    strip_boxes(draft, headline, running)
    strip_link_lines(draft)
    strip_linked_paragraphs(draft, hints.address)
    keep_announced_lists(draft)
    rescue_article(draft)
    strip_copies(draft, running)
    strip_comments_heading(draft)
    assign_roles(draft, headline, hints)
    # Again: roles may have been lost to the rescue or to the search for date lines and biographies.
    keep_overridden(draft, kept)
    # Before recurring texts are stripped: the page alone decides whether it is an article.
    signals = {} if draft.page.is_text else page_signals(draft, headline)
    strip_recurring(draft, hints.site, hints.language)
    strip_leftovers(draft, hints.language, kept)
    texts: dict[Role, list[str]] = {role: [] for role in Role}
    for at, role in sorted(draft.roles.items()):
        texts[role].append(draft.text(at))
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
        signals=signals,
        prose_words=prose_words(draft),
    )


def _entries(draft: Draft, hints: Hints) -> Iterator[int]:
    """The blocks that JSON-LD states as entries of a live blog; short ones score low."""
    stated = "\n".join(map(fold, hints.entries))
    for at, block in enumerate(draft.page.blocks if stated else ()):
        if len(text := fold(block.text)) >= MIN_ENTRY_CHARS and text in stated:
            yield at


def _repeated(draft: Draft, headline: int, hints: Hints) -> Iterator[int]:
    """The headline, and the standfirst right after it, where the page's metadata repeat them."""
    blocks = draft.page.blocks
    if headline < 0 or fold(blocks[headline].text) != fold(hints.headline):
        return
    yield headline
    for at in range(headline + 1, min(headline + 9, len(blocks))):
        if is_description_of(blocks[at].text, hints):
            yield at
