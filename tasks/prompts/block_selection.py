"""Choose the blocks of the article by score, and record why each other block was removed."""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from tasks.model import StrippedBlock
from tasks.prompts.article_boundary import foreign_blocks
from tasks.prompts.block_features import describe, relate
from tasks.prompts.block_model import Forest, Model
from tasks.prompts.blocks import DIALOG_FLAG, HIDDEN_FLAG, TAG_FLAGS, Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.text_rules import find_rule
from tasks.prompts.tree_arrays import Column, Columns
from tasks.prompts.word_weights import fold

UNLIKELY = 0.02  # The second forest does not score blocks with this first score or less
KEEP = 0.25  # A block with this score or more is article text
# A block is a prompt if its prompt score exceeds a + b * article score; (a, b) by `is_text`.
DOUBT = {False: (0.4, 0.4), True: (0.1, 0.3)}
LIFT = 0.45
# Pages saved as text: a plain sentence is lifted when among so many lines around it at least so
# many are plain; the most that the words of a plain sentence may plead.
AROUND, ENOUGH, CALM = 25, 7, -1.0
# Pages saved as text: the score of surely good blocks, and the factors for KEEP around them.
AMID, INSIDE, NEAR, FAR = 0.5, 0.07, 0.2, 0.3
# A block with this score is kept against a rule that can err on articles about subscriptions.
SURE = 0.93
PLEADS = 0.0  # Blocks that are not kept are shown to the rules if their words score more than this
HOPELESS = 0.7  # A block with a higher prompt score is never restored
LONG = 60
COPIED = 0.6  # Share of the article and of a block that both hold for the block to be a copy
BRIEF = 16  # Words up to which a text rule overrules any score
REGIONS = (
    (DIALOG_FLAG, "dom:dialog"),
    (HIDDEN_FLAG, "dom:hidden"),
    (TAG_FLAGS["form"], "dom:form"),
    (TAG_FLAGS["nav"], "dom:nav"),
    (TAG_FLAGS["footer"], "dom:footer"),
    (TAG_FLAGS["aside"], "dom:aside"),
)


class Role(Enum):
    """What a kept block is."""

    BODY = "body"
    KICKER = "kicker"
    HEADLINE = "headline"
    STANDFIRST = "standfirst"
    CAPTION = "caption"
    BYLINE = "byline"


@dataclass(slots=True)
class Draft:
    """A page being cleaned: each block's scores, and its role or the reason for its removal."""

    page: Page
    columns: Columns
    score: Column
    prompt_score: Column  # How likely each block is a prompt
    roles: dict[int, Role] = field(default_factory=dict)
    # Kind and rule of the blocks that are removed.
    reasons: dict[int, tuple[str, str]] = field(default_factory=dict)
    # Blocks that the page's metadata repeat, such as its headline: never taken out.
    safe: frozenset[int] = frozenset()
    byline: str | None = None  # The part of the byline's block that names the authors
    section: str | None = None  # Where a breadcrumb trail leads

    def text(self, at: int) -> str:
        """A block's text."""
        return self.page.blocks[at].text

    def strip(self, at: int, kind: str, rule: str) -> None:
        """Remove a block; the first reason stays."""
        if at in self.safe:
            return
        self.roles.pop(at, None)
        self.reasons.setdefault(at, (kind, rule))


def score_blocks(page: Page, headline: int, hints: Hints, model: Model) -> Draft:
    """Score each block of a page: how likely it is article text, and how likely a prompt."""
    columns, around = describe(page, headline, hints, model.lexicon)
    first, second, prompt = model.text if page.is_text else model.tree
    columns |= relate(around, first.score(columns), columns)
    return Draft(page, columns, look_again(second, columns), look_for_prompts(prompt, columns))


def look_again(second: Forest, columns: Columns) -> Column:
    """The final scores: the second forest's, where the first left a doubt."""
    score = columns["own_score"].copy()
    likely = score > UNLIKELY
    score[likely] = second.score(columns, likely)
    return score


def look_for_prompts(prompt: Forest, columns: Columns) -> Column:
    """How likely each block is a prompt, where it matters: near article text or where it pleads."""
    # Prompts far from article text, in menus and footers, are never kept: they need no score.
    near = np.convolve(columns["own_score"] > UNLIKELY, np.ones(7))[3:-3] > 0
    looked_at = near | (columns["prompt_words"] > PLEADS)
    found = np.zeros_like(columns["own_score"])
    found[looked_at] = prompt.score(columns, looked_at)
    return found


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
    prose = _prose(draft)
    inside = draft.columns.get("c_down", np.zeros_like(prose)) == 0
    draft.roles = {int(at): Role.BODY for at in np.flatnonzero((prose > 0) & inside)}


def rescue_article(draft: Draft) -> None:
    """Restore the running text of a page full of text of which next to nothing is left.

    Restored is the running text of the element that contains most of it, and the short sentences
    beside it, except what a text rule removed.
    """
    if not _is_tiny(draft):
        return
    prose, columns = _prose(draft), draft.columns
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


def _prose(draft: Draft) -> Column:
    """The size of blocks of nine words or more that are not mainly links; 0 for the others."""
    columns = draft.columns
    is_prose = (columns["words"] >= 9) & (columns["link_share"] < 0.5)
    return np.where(is_prose, columns["chars"], 0).astype(np.float32)


def _is_tiny(draft: Draft) -> bool:
    prose = _prose(draft)
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


def strip_prompts(draft: Draft, language: str | None) -> None:
    """Strip what a text rule matches, among blocks that are kept or worded like prompts."""
    read = draft.columns["prompt_words"] > PLEADS
    read[list(draft.roles)] = True
    if draft.page.is_text and draft.roles:
        read[max(0, min(draft.roles) - 12) : min(draft.roles) + 12] = True
    for at in np.flatnonzero(read).tolist():
        block = draft.page.blocks[at]
        rule = find_rule(block.text, language)
        is_brief = draft.columns["words"][at] <= BRIEF
        if rule and (at not in draft.roles or draft.score[at] < SURE or rule.is_sure or is_brief):
            draft.strip(at, rule.kind, f"text:{rule.name}")


def strip_likely_prompts(draft: Draft) -> None:
    """Strip what the model scores as a prompt rather than as article text."""
    limit, slope = DOUBT[draft.page.is_text]
    for at in np.flatnonzero(draft.prompt_score > limit + slope * draft.score).tolist():
        draft.strip(at, "other", "model:prompt")


def strip_foreign(draft: Draft, headline: int) -> None:
    """Strip readers' comments and other articles."""
    kept = np.zeros_like(draft.score)
    for at in draft.roles:
        kept[at] = draft.columns["good"][at]
    for at, rule in foreign_blocks(draft.page, headline, kept).items():
        draft.strip(at, "furniture", rule)


def first_paragraph(draft: Draft) -> int:
    """The first running text of the body."""
    body = [at for at, role in sorted(draft.roles.items()) if role is Role.BODY]
    long = [at for at in body if draft.columns["words"][at] >= 20 and draft.columns["good"][at]]
    return (long or body or [-1])[0]


def strip_copies(draft: Draft) -> None:
    """Keep a long text once: pages repeat paragraphs for other screen sizes and in teasers.

    Repetition within one element, such as a recipe's steps, is the author's.
    """
    seen: dict[str, int] = {}
    for at in sorted(draft.roles):
        block = draft.page.blocks[at]
        around = at if draft.page.is_text else draft.page.elements[block.element].parent
        if len(block.text) >= LONG and seen.setdefault(block.text, around) != around:
            draft.strip(at, "furniture", "dom:copy")
    if not draft.page.is_text:
        _strip_whole_copy(draft)


def _strip_whole_copy(draft: Draft) -> None:
    """Strip a block that holds the whole text again: `<div>First. Second. Third.</div>`."""
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


def explain(draft: Draft) -> tuple[StrippedBlock, ...]:
    """Every block that is not kept, with the reason."""
    first, last = min(draft.roles, default=0), max(draft.roles, default=-1)
    page, columns = draft.page, draft.columns
    is_teaser = ((columns["link_share"] > 0.8) & (columns["words"] > 4)).tolist()
    stripped = []
    for at, block in enumerate(page.blocks):
        if at in draft.roles:
            continue
        flags = page.elements[block.element].flags
        regions = (name for flag, name in REGIONS if flags & flag)
        region = next(regions, "end:after" if at > last else "model:low")
        kind, rule = draft.reasons.get(at) or ("related" if is_teaser[at] else "furniture", region)
        is_inside = page.is_text or first < at < last
        stripped.append(StrippedBlock(block.text, kind, rule, at, is_inside))
    return tuple(stripped)
