"""Choose the blocks of the article by score, and take out what is not part of it."""

from itertools import pairwise

import numpy as np

from tasks.prompts.article_boundary import foreign_blocks
from tasks.prompts.draft import Draft, Role, prose_sizes
from tasks.prompts.page import Page
from tasks.prompts.reader_comments import heads_nothing
from tasks.prompts.tree_arrays import Mask
from tasks.prompts.word_weights import fold

MIN_ARTICLE_SCORE = 0.25  # A block with this score or more is article text
# Pages saved as text: of the words in lines of LONG_LINE_WORDS or more, the best quarter scores
# EXPECTED_SCORE, or all scores are raised until it does, unless it scores less than NOISE_SCORE.
LONG_LINE_WORDS, TOP_QUANTILE = 15, 0.75
EXPECTED_SCORE, NOISE_SCORE = 0.9, 0.02
# Pages saved as text: from the first sentence that scores SURE_SCORE to BLOCKS_AFTER blocks after
# the last one, blocks that score MIN_SCORE_BETWEEN or more are kept.
SURE_SCORE, MIN_SCORE_BETWEEN, BLOCKS_AFTER = 0.3, 0.1, 3
MAX_RESTORED_SCORE = 0.7  # Blocks with a higher one stay stripped
MIN_COPY_CHARS = 60  # of a text, no sentence of nine words, that is a copy if repeated
# Items of these say the same of several things: `Made in Italy, with a guarantee of two years.`
ITEMS = frozenset(("li", "td", "dd"))
MIN_COPIED_SHARE = 0.6  # of the article, and of the block, that both contain if it is a copy


def keep_article(draft: Draft) -> None:
    """Keep the blocks that score as article.

    If next to nothing scores on a page full of text, lower the threshold, then fall back to the
    running text of the element that contains most of it.
    """
    between = np.zeros(len(draft.score), np.bool_)
    if draft.page.is_text:
        _raise_scores(draft)
        sure = np.flatnonzero((draft.score >= SURE_SCORE) & (draft.columns["good"] > 0))
        if len(sure):
            amid = slice(sure[0], sure[-1] + 1 + BLOCKS_AFTER)
            between[amid] = draft.score[amid] >= MIN_SCORE_BETWEEN
    for least in (MIN_ARTICLE_SCORE, MIN_ARTICLE_SCORE / 2, MIN_ARTICLE_SCORE / 5):
        kept = between | (draft.score >= least)
        draft.roles = {int(at): Role.BODY for at in np.flatnonzero(kept)}
        if not _is_tiny(draft):
            if least < MIN_ARTICLE_SCORE and not draft.page.is_text:
                _keep_beside(draft)
            return
    prose = prose_sizes(draft)
    inside = draft.columns.get("c_down", np.zeros_like(prose)) == 0
    draft.roles = {int(at): Role.BODY for at in np.flatnonzero((prose > 0) & inside)}


def _keep_beside(draft: Draft) -> None:
    """Keep the running text in the elements that hold what scored best on a doubted page."""
    page, prose = draft.page, prose_sizes(draft)

    def place(at: int) -> tuple[str, int]:
        element = page.elements[page.blocks[at].element]
        return element.tag, element.parent

    best = {place(at) for at in draft.roles if prose[at]}
    for at in np.flatnonzero((prose > 0) & (draft.prompt_score < MAX_RESTORED_SCORE)).tolist():
        if place(at) in best:
            draft.roles.setdefault(at, Role.BODY)


def rescue_article(draft: Draft) -> None:
    """Restore the article of a page full of text when next to nothing of it was kept.

    Restores the running text of the element that contains most of it, and the short sentences
    beside it, except what a rule removed rather than the model.
    """
    if not _is_tiny(draft):
        return
    prose, columns = prose_sizes(draft), draft.columns
    inside = columns.get("c_down", np.zeros_like(prose)) == 0
    sentence = (columns["ends_sentence"] > 0) & (columns["link_share"] < 0.5)
    likely = inside & sentence & (draft.prompt_score < MAX_RESTORED_SCORE)
    model = ("", "model:")
    doubted = [
        at
        for at in np.flatnonzero(likely).tolist()
        if at not in draft.roles and draft.reasons.get(at, model)[1].startswith("model:")
    ]
    sure = {_kind(draft.page, at) for at in doubted if prose[at]}
    for at in doubted:
        if _kind(draft.page, at) in sure:
            draft.reasons.pop(at, None)
            draft.roles[at] = Role.BODY


def _kind(page: Page, at: int) -> tuple[str, str, int]:
    element = page.elements[page.blocks[at].element]
    return element.tag, element.key, element.parent


def _is_tiny(draft: Draft) -> bool:
    prose = prose_sizes(draft)
    kept = sum(float(prose[at]) for at in draft.roles)
    return kept < min(400.0, 0.2 * float(prose.sum()))


def _raise_scores(draft: Draft) -> None:
    """Raise the odds of all blocks alike where even long lines score low.

    Without markup the model doubts whole pages, but on each it still tells text from furniture.
    """
    words = draft.columns["words"]
    lines = np.flatnonzero(words >= LONG_LINE_WORDS)
    if not len(lines):
        return
    lines = lines[np.argsort(draft.score[lines])]
    up_to = words[lines].cumsum()
    reached = float(draft.score[lines[np.searchsorted(up_to, TOP_QUANTILE * up_to[-1])]])
    if NOISE_SCORE <= reached < EXPECTED_SCORE:
        factor = EXPECTED_SCORE / (1 - EXPECTED_SCORE) * (1 - reached) / reached
        raised = factor * draft.score
        draft.score = np.asarray(raised / (raised + 1 - draft.score), np.float32)


def strip_foreign(draft: Draft, headline: int, *, is_live: bool) -> None:
    """Strip readers' comments and other articles."""
    kept = np.zeros_like(draft.score)
    for at in draft.roles:
        kept[at] = draft.columns["good"][at]
    for at, rule in foreign_blocks(draft.page, headline, kept, is_live=is_live).items():
        draft.strip(at, "furniture", rule)


def strip_comments_heading(draft: Draft) -> None:
    """Strip `Comments (4)` at the end of the article, of which the comments are gone."""
    if (body := draft.body) and heads_nothing(draft.page, body[-1]):
        draft.strip(body[-1], "furniture", "dom:comments")


def first_paragraph(draft: Draft, headline: int = -1) -> int:
    """The first running text of the body, below the headline if any is; else its first block.

    -1 without a body.
    """
    body = draft.body
    long = [at for at in body if draft.columns["words"][at] >= 20 and draft.columns["good"][at]]
    return ([at for at in long if at > headline] or long or body or [-1])[0]


def strip_copies(draft: Draft, running: Mask) -> None:
    """Keep each long text once, paragraph or article: pages repeat it, as for other screens.

    The one in the running text is kept: a button to share may hold the first paragraph, too.
    Repetition within one element, such as a recipe's steps, is the author's.
    """
    for at in _copies(draft, running):
        draft.strip(at, "furniture", "dom:copy")
    if draft.page.is_text:
        return
    # A block that holds the whole text again: `<div>First. Second. Third.</div>`.
    texts = {at: fold(draft.text(at)) for at in draft.roles}
    total = sum(map(len, texts.values()))
    for at, text in sorted(texts.items()):
        others = total - len(text)
        if len(draft.roles) < 3 or len(text) < MIN_COPIED_SHARE * others:
            continue
        inside = sum(len(other) for x, other in texts.items() if other in text and x != at)
        # Both ways: nothing is lost with it, and it is not the article beside its teasers.
        if inside >= MIN_COPIED_SHARE * max(others, len(text)):
            draft.strip(at, "furniture", "dom:copy")
            return


def _copies(draft: Draft, running: Mask) -> dict[int, int]:
    """The kept blocks that repeat one elsewhere, each with the one that it repeats."""
    page, order = draft.page, sorted(draft.roles)
    kinds = {at: _kind(page, at) for at in order}
    # On a page saved as text nothing tells sentences from items.
    sentences = np.flatnonzero(draft.columns["good"]).tolist() if not page.is_text else ()
    good = {at for at in sentences if at in kinds and kinds[at][0] not in ITEMS}
    first: dict[str, int] = {}
    found: dict[int, int] = {}
    for at in sorted(order, key=lambda at: (not running[at], at)):
        text = draft.text(at)
        if at in good or len(text) >= MIN_COPY_CHARS:
            original = first.setdefault(text, at)
            is_apart = at != original if page.is_text else kinds[at][2] != kinds[original][2]
            found |= {at: original} if is_apart else {}
    # Of short lines those next to a copied sentence, as they are next to the original: `Yes.` alone
    # is an answer.
    beside = {at: original for at, original in found.items() if {at, original} <= good}
    for line in (order, order[::-1]):
        after = dict(pairwise(line))
        for at in line:
            own, other = after.get(at, -1), after.get(beside.get(at, -1), -1)
            if min(own, other) < 0 or own == other or {own, other} & found.keys():
                continue
            if draft.text(own) == draft.text(other):
                found[own] = beside[own] = other
    return found
