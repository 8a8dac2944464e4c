"""A page being cleaned: the scores of its blocks, what is kept, and why the rest is removed."""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from tasks.model import StrippedBlock
from tasks.prompts.block_features import describe, relate
from tasks.prompts.block_model import Forest, Model
from tasks.prompts.page import DIALOG_FLAG, HIDDEN_FLAG, TAG_FLAGS, Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.tree_arrays import Column, Columns

MIN_FIRST_SCORE = 0.02  # of a block that the second forest scores
MIN_PROMPT_WORDS_SCORE = 0.0  # of a block that is not kept, for rules to check it
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
    protected: frozenset[int] = frozenset()
    byline: str | None = None  # The part of the byline's block that names the authors
    section: str | None = None  # Where a breadcrumb trail leads

    @property
    def body(self) -> list[int]:
        """The blocks that are body text, in page order."""
        return [at for at, role in sorted(self.roles.items()) if role is Role.BODY]

    def text(self, at: int) -> str:
        """A block's text."""
        return self.page.blocks[at].text

    def strip(self, at: int, kind: str, rule: str) -> None:
        """Remove a block; the first reason stays."""
        if at in self.protected:
            return
        self.roles.pop(at, None)
        self.reasons.setdefault(at, (kind, rule))


def score_blocks(page: Page, headline: int, hints: Hints, model: Model) -> Draft:
    """Score each block of a page: how likely it is article text, and how likely a prompt."""
    columns, around = describe(page, headline, hints, model.lexicon)
    first, second, prompt = model.text if page.is_text else model.tree
    columns |= relate(around, first.score(columns), columns)
    return Draft(page, columns, rescore_doubtful(second, columns), score_prompts(prompt, columns))


def rescore_doubtful(second: Forest, columns: Columns) -> Column:
    """The final scores: the second forest's, where the first left a doubt."""
    score = columns["own_score"].copy()
    likely = score > MIN_FIRST_SCORE
    score[likely] = second.score(columns, likely)
    return score


def score_prompts(prompt: Forest, columns: Columns) -> Column:
    """How likely each block is a prompt, where it matters: near article text or where it pleads."""
    # Prompts far from article text, in menus and footers, are never kept: they need no score.
    is_near = np.convolve(columns["own_score"] > MIN_FIRST_SCORE, np.ones(7))[3:-3] > 0
    looked_at = is_near | (columns["prompt_words"] > MIN_PROMPT_WORDS_SCORE)
    found = np.zeros_like(columns["own_score"])
    found[looked_at] = prompt.score(columns, looked_at)
    return found


def prose_sizes(draft: Draft) -> Column:
    """The size of blocks of nine words or more that are not mainly links; 0 for the others."""
    columns = draft.columns
    is_prose = (columns["words"] >= 9) & (columns["link_share"] < 0.5)
    return np.where(is_prose, columns["chars"], 0).astype(np.float32)


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
