"""Choose the blocks of the article by score, and take out what is not part of it."""

import numpy as np

from tasks.prompts.article_boundary import foreign_blocks
from tasks.prompts.draft import Draft, Role, prose_sizes
from tasks.prompts.page import Page
from tasks.prompts.tree_arrays import Column
from tasks.prompts.word_weights import fold

KEEP = 0.25  # A block with this score or more is article text
LIFT = 0.45
# Pages saved as text: a plain sentence is lifted when among so many lines around it at least so
# many are plain; the most that the words of a plain sentence may plead.
AROUND, ENOUGH, CALM = 25, 7, -1.0
# Pages saved as text: the score of surely good blocks, and the factors for KEEP around them.
AMID, INSIDE, NEAR, FAR = 0.5, 0.07, 0.2, 0.3
HOPELESS = 0.7  # A block with a higher prompt score is never restored
LONG = 60
COPIED = 0.6  # Share of the article and of a block that both hold for the block to be a copy


def keep_article(draft: Draft) -> None:
    """Keep the blocks that score as article.

    If next to nothing scores on a page full of text, lower the threshold, then fall back to the
    running text of the element that contains most of it.
    """
    leniency = _lift_running_text(draft) if draft.page.is_text else 1
    for least in (KEEP, KEEP / 2, KEEP / 5):
        kept = draft.score >= leniency * least
        draft.roles = {int(at): Role.BODY for at in np.flatnonzero(kept)}
        if not _is_tiny(draft):
            return
    prose = prose_sizes(draft)
    inside = draft.columns.get("c_down", np.zeros_like(prose)) == 0
    draft.roles = {int(at): Role.BODY for at in np.flatnonzero((prose > 0) & inside)}


def rescue_article(draft: Draft) -> None:
    """Restore the running text of a page full of text of which next to nothing is left.

    Restored is the running text of the element that contains most of it, and the short sentences
    beside it, except what a text rule removed.
    """
    if not _is_tiny(draft):
        return
    prose, columns = prose_sizes(draft), draft.columns
    inside = columns.get("c_down", np.zeros_like(prose)) == 0
    sentence = (columns["ends_sentence"] > 0) & (columns["link_share"] < 0.5)
    candidates = np.flatnonzero(inside & sentence & (draft.prompt_score < HOPELESS)).tolist()
    model = ("", "model:")
    doubted = [
        at
        for at in candidates
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


def _lift_running_text(draft: Draft) -> Column:
    """Without markup, raise the score of plain sentences among plain sentences.

    Returns factors for KEEP: a low score is enough among and near sure blocks.
    """
    columns = draft.columns
    running = (columns["good"] > 0) & (columns["words"] >= 10) & (columns["prompt_words"] < CALM)
    near = np.convolve(running, np.ones(AROUND))[AROUND // 2 :][: len(running)]
    lifted = np.where(running & (near >= ENOUGH), LIFT, 0).astype(np.float32)
    draft.score = np.maximum(draft.score, lifted)
    sure = np.flatnonzero((draft.score >= AMID) & (columns["good"] > 0))
    share = np.full_like(draft.score, FAR)
    if len(sure):
        share[max(0, sure[0] - 2) : sure[-1] + 4] = NEAR
        share[sure[0] : sure[-1] + 1] = INSIDE
    return share


def strip_foreign(draft: Draft, headline: int) -> None:
    """Strip readers' comments and other articles."""
    kept = np.zeros_like(draft.score)
    for at in draft.roles:
        kept[at] = draft.columns["good"][at]
    for at, rule in foreign_blocks(draft.page, headline, kept).items():
        draft.strip(at, "furniture", rule)


def first_paragraph(draft: Draft) -> int:
    """The first running text of the body."""
    body = draft.body
    long = [at for at in body if draft.columns["words"][at] >= 20 and draft.columns["good"][at]]
    return (long or body or [-1])[0]


def strip_copies(draft: Draft) -> None:
    """Keep a long text once, a paragraph or the whole: pages repeat it, as for other screens.

    Repetition within one element, such as a recipe's steps, is the author's.
    """
    seen: dict[str, int] = {}
    for at in sorted(draft.roles):
        block = draft.page.blocks[at]
        around = at if draft.page.is_text else draft.page.elements[block.element].parent
        if len(block.text) >= LONG and seen.setdefault(block.text, around) != around:
            draft.strip(at, "furniture", "dom:copy")
    if draft.page.is_text:
        return
    # A block that holds the whole text again: `<div>First. Second. Third.</div>`.
    texts = {at: fold(draft.text(at)) for at in draft.roles}
    total = sum(map(len, texts.values()))
    for at, text in sorted(texts.items()):
        others = total - len(text)
        if len(draft.roles) < 3 or len(text) < COPIED * others:
            continue
        inside = sum(len(other) for x, other in texts.items() if other in text and x != at)
        # Both ways: nothing is lost with it, and it is not the article beside its teasers.
        if inside >= COPIED * max(others, len(text)):
            draft.strip(at, "furniture", "dom:copy")
            return
