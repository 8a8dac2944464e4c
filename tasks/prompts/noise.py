"""What no cleaned article holds, told from a line by itself.

Cleaning leaves none of it, and lines that hold none of it are left as they are: so what has been
cleaned stays as it is when it is cleaned again.
"""

from collections.abc import Sequence

from tasks.prompts.opening import find_byline, is_date_line
from tasks.prompts.rules import find_rule
from tasks.prompts.select import BRIEF, Draft, Role
from tasks.prompts.words import word_count

HEADS = 3
"""Kicker, headline and standfirst: lines that may say anything."""
OPENING = 8
"""Lines that hold no byline and no date line after the first."""


def is_prompt(text: str, language: str | None) -> bool:
    """Whether a text rule speaks against a line wherever it stands."""
    rule = find_rule(text, language)
    return rule is not None and (rule.is_sure or word_count(text) <= BRIEF)


def is_credit(text: str) -> bool:
    """Whether a line says who wrote the article, or when."""
    return is_date_line(text) or find_byline(text, ()) is not None


def is_clean(texts: Sequence[str], language: str | None) -> bool:
    """Whether there is nothing to take out of these lines."""
    return not any(is_credit(text) for text in texts[1 : OPENING + 1]) and not any(
        is_prompt(text, language) for text in texts[HEADS:]
    )


def settle(draft: Draft, language: str | None) -> None:
    """Take out what `is_clean` would miss in the result."""
    for at, role in list(draft.roles.items()):
        if role in (Role.BODY, Role.CAPTION) and is_prompt(draft.text(at), language):
            draft.strip(at, "other", "text:line")
    credit = _credit_in_opening(draft)
    while credit is not None:
        draft.strip(credit, "furniture", "head:credit")
        credit = _credit_in_opening(draft)


def _credit_in_opening(draft: Draft) -> int | None:
    order = [Role.KICKER, Role.HEADLINE, Role.STANDFIRST, Role.CAPTION, Role.BODY]
    lines = sorted(
        (order.index(role), at) for at, role in draft.roles.items() if role is not Role.BYLINE
    )
    once = {(place > 3 and at, draft.text(at)): at for place, at in reversed(lines)}
    opening = list(once.values())[: -OPENING - 2 : -1]
    found = next((at for at in opening[1:] if is_credit(draft.text(at))), None)
    if found is not None and draft.roles[found] is Role.HEADLINE:
        return opening[0]
    return found
