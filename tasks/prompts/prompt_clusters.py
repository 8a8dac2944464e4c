"""Strip what belongs to a prompt: its list of benefits, its box, blocks among prompts."""

import numpy as np

from tasks.prompts.block_selection import MAX_RESTORED_SCORE
from tasks.prompts.draft import Draft, Role
from tasks.prompts.prompt_evidence import (
    MAX_BOX_CHARS,
    SUSPECT_PROMPT_SCORE,
    UNSURE_ARTICLE_SCORE,
    heads_paragraphs,
    is_by_text_rule,
)
from tasks.prompts.text_rules import PROMPT_KINDS, find_rule
from tasks.prompts.tree_arrays import Mask

MAX_BOX_BLOCKS, MAX_BOX_LEVELS = 8, 4  # levels around the prompt
SURE_PROSE_SCORE = 0.8  # Sentences with this article score are not stripped with a box
MAX_ITEM_WORDS = 16
SURE_LINE_SCORE = 0.9  # The article score of a line that is the article's, though a prompt follows
COLONS = (":", "：")
# Items of a list that is judged as a whole, and the share of them that has to be prompts.
MIN_ITEMS, MAX_ITEMS, MIN_PROMPT_SHARE = 3, 12, 0.4
# Among prompts a block is stripped with an article score below UNSURE_ARTICLE_SCORE and a prompt
# score above SUSPECT_PROMPT_SCORE; on pages saved as text, where prompt scores say less, running
# text and other lines with a lower article score than these.
MAX_PROSE_SCORE, MAX_LINE_SCORE = 0.2, 0.4


def strip_boxes(draft: Draft, headline: int, running: Mask) -> None:
    """Strip small boxes around prompts: their labels, texts, buttons and small print.

    A box holds neither running text of the article nor the headline.
    """
    page = draft.page
    # A short article may be a box of its own: sentences that score high are no part of a prompt.
    sure = (draft.score >= SURE_PROSE_SCORE) & (draft.columns["good"] > 0)
    article = running | sure
    for at in sorted(draft.reasons) if not page.is_text else ():
        if not _is_prompt(draft, at):
            continue
        kind = draft.reasons[at][0]
        for above in page.ancestors(page.blocks[at].element, MAX_BOX_LEVELS):
            box = page.elements[above]
            inside = range(box.start, box.end)
            # The size of what would be stripped: an appeal, mostly known as prompts, may be long.
            size = sum(len(page.blocks[x].text) for x in inside[:MAX_ITEMS] if x in draft.roles)
            if headline in inside or len(inside) > MAX_ITEMS or size > MAX_BOX_CHARS:
                break
            is_article = any(x in draft.roles and article[x] for x in inside)
            is_small = len(inside) <= MAX_BOX_BLOCKS and not is_article
            if not is_small and not _is_bracketed(draft, inside):
                break
            for x in inside:
                draft.strip(x, kind, "dom:box")


def _is_bracketed(draft: Draft, inside: range) -> bool:
    """Whether prompts open and close an element, and are much of it: an appeal of some paragraphs.

    Its heading or first words, and its buttons, identify it, however much its sentences read like
    news.
    """
    prompts = [at for at in inside if _is_prompt(draft, at)]
    first = inside[0]
    is_titled = draft.columns["heading"][first] > 0 or is_by_text_rule(draft, first)
    kept = sum(float(draft.columns["good"][at]) for at in draft.roles)
    own = sum(float(draft.columns["good"][at]) for at in inside if at in draft.roles)
    return (
        is_titled
        and len(prompts) >= MIN_ITEMS
        and (prompts[0], prompts[-1]) == (first, inside[-1])
        and len(prompts) >= MIN_PROMPT_SHARE * len(inside)
        and own <= MIN_PROMPT_SHARE * kept
    )


def strip_lists(draft: Draft, language: str | None) -> None:
    """Strip lists that are largely prompts, and those that a prompt introduces."""
    for element in draft.page.elements:
        size = element.end - element.start
        if element.tag in ("ul", "ol") and MIN_ITEMS <= size <= MAX_ITEMS:
            items = range(element.start, element.end)
            if sum(_is_prompt(draft, at) for at in items) >= MIN_PROMPT_SHARE * size:
                for item in items:
                    draft.strip(item, "other", "dom:list")
    for at in sorted(draft.reasons):
        items = _list_after(draft, at) if _is_prompt(draft, at) else range(0)
        # After a prompt's sentence the article may go on with a list, unless an item is worded like
        # a prompt, too.
        rules = filter(None, (find_rule(draft.text(item), language) for item in items))
        is_introduced = not draft.columns["ends_sentence"][at]
        if is_introduced or any(rule.kind in PROMPT_KINDS for rule in rules):
            for item in items:
                draft.strip(item, draft.reasons[at][0], "dom:list")


def _list_after(draft: Draft, at: int) -> range:
    """The items of a list right after a block; none if they are many, or most of them long."""
    page, first = draft.page, at + 1
    if first >= len(page.blocks):
        return range(0)
    for above in page.ancestors(page.blocks[first].element, 3):
        element = page.elements[above]
        if element.tag in ("ul", "ol") and element.start == first:
            is_short = np.median(draft.columns["words"][first : element.end]) <= MAX_ITEM_WORDS
            items = range(first, element.end)
            return items if is_short and len(items) <= MAX_ITEMS else range(0)
    return range(0)


def keep_announced_lists(draft: Draft) -> None:
    """Keep the short items of a list that a kept line announces: `The bus will call at:`."""
    for at in [at for at in sorted(draft.roles) if draft.text(at).rstrip()[-1:] in COLONS]:
        items = _list_after(draft, at)
        for item in items:
            is_doubted = draft.reasons.get(item, ("", "model:low"))[1].startswith("model:")
            is_plain = draft.columns["link_share"][item] < 0.5
            if is_doubted and is_plain and draft.prompt_score[item] < MAX_RESTORED_SCORE:
                draft.reasons.pop(item, None)
                draft.roles.setdefault(item, Role.BODY)


def strip_clusters(draft: Draft, running: Mask) -> None:
    """Strip what is surrounded by prompts: benefit lists, captions of offers, small print."""
    prompt = np.zeros_like(draft.score)
    prompt[[at for at in draft.reasons if _is_prompt(draft, at)]] = 1
    if not prompt.any():
        return
    # Prompts among the three blocks before and the three after each block.
    prompts_near = np.convolve(prompt, (1, 1, 1, 0, 1, 1, 1))[3 : 3 + len(prompt)]
    # The article's own lines stand among prompts, too: their words have to speak against them.
    weak = (draft.score < UNSURE_ARTICLE_SCORE[False]) & (draft.prompt_score > SUSPECT_PROMPT_SCORE)
    if draft.page.is_text:
        weak = draft.score < np.where(draft.columns["good"] > 0, MAX_PROSE_SCORE, MAX_LINE_SCORE)
    # Short lines may announce the prompt under them: `For exclusive access:`.
    may_announce = (draft.columns["words"] <= MAX_ITEM_WORDS) & (draft.score < SURE_LINE_SCORE)
    for at in sorted(draft.roles):
        if weak[at] and prompts_near[at] >= 2 and not heads_paragraphs(draft, at, running):
            draft.strip(at, "other", "model:amid-prompts")
        elif (
            may_announce[at]
            and _is_prompt(draft, at + 1)
            and is_by_text_rule(draft, at + 1)
            and draft.text(at).rstrip()[-1:] in COLONS
        ):
            draft.strip(at, draft.reasons[at + 1][0], "dom:announces-prompt")


def _is_prompt(draft: Draft, at: int) -> bool:
    return at in draft.reasons and draft.reasons[at][0] in PROMPT_KINDS
