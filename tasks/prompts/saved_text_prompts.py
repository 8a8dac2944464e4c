"""Find the prompts in an article saved as text, without the page's menu and markup."""

from tasks.prompts.apply_overrides import overridden_blocks
from tasks.prompts.block_model import load_model
from tasks.prompts.block_roles import find_headline
from tasks.prompts.draft import Role, score_blocks
from tasks.prompts.never_text import HEAD_LINES
from tasks.prompts.page import Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.prompt_evidence import SUSPECT_PROMPT_SCORE, running_text, strip_likely_prompts
from tasks.prompts.text_rules import find_rule

MIN_WORDS = 2  # of a prompt that no text rule matches
MAX_ARTICLE_SCORE = 0.15  # of a prompt whose words are rather those of articles


def find_prompts(page: Page, hints: Hints) -> dict[str, tuple[str, str]]:
    """The lines of a text without menu that are prompts, each with the kind and rule.

    They score as prompts, and either their words are more those of prompts than those of articles
    or they hardly score as article: subheadings such as `Our commitment` score as prompts, too.
    """
    draft = score_blocks(page, find_headline(page, hints.headline), hints, load_model())
    draft.roles = dict.fromkeys(range(len(page.blocks)), Role.BODY)
    draft.protected = overridden_blocks(page, hints.overrides, "keep").union(range(HEAD_LINES))
    strip_likely_prompts(draft, running_text(draft))
    columns, found = draft.columns, {}
    is_prompt = columns["prompt_words"] > columns["article_words"]
    is_prompt |= draft.score < MAX_ARTICLE_SCORE
    is_prompt &= draft.prompt_score >= SUSPECT_PROMPT_SCORE
    for at, reason in draft.reasons.items():
        rule = find_rule(draft.text(at), hints.language) if is_prompt[at] else None
        if rule:
            found[draft.text(at)] = rule.kind, f"text:{rule.name}"
        elif is_prompt[at] and columns["words"][at] >= MIN_WORDS:
            found[draft.text(at)] = reason
    return found
