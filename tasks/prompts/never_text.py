"""Lines that are never article text, recognised without context.

Cleaning removes all of them, and of a text without any it strips only what scores as a prompt
(`saved_text_prompts`). So cleaning is idempotent: a cleaned text that is cleaned again does not
change. The exception is long lists that open like a menu: one of the 1,002 gold pages.
"""

from collections.abc import Iterator, Sequence

from tasks.prompts.draft import Draft, Role
from tasks.prompts.short_lines import find_byline, is_date_line
from tasks.prompts.text_rules import find_rule
from tasks.prompts.text_statistics import ends_as_sentence
from tasks.prompts.word_weights import word_count

# A page of so many lines that opens with lines of so few words, no sentences, begins with a menu.
MIN_MENU_PAGE_LINES, MAX_MENU_LINE_WORDS = 40, 3
# Lines of these kinds stand amid an article, too, and do not tell that a whole page was saved.
_ASIDE_KINDS = "furniture share related other newsletter donation app_promo registration sponsored"
ASIDE_KINDS = frozenset(_ASIDE_KINDS.split())
HEAD_LINES = 3  # Kicker, headline and standfirst: lines that may say anything
OPENING_LINES = 8  # Opening lines that, after the first, may not hold a byline or date line
# After so many sentences of so many words, `By Force` and `Crimea, 2014` may head paragraphs.
MAX_OPENING_SENTENCES, MIN_SENTENCE_WORDS = 1, 8


def lines_of_sure_rules(
    texts: Sequence[str], language: str | None, kept: frozenset[int]
) -> dict[int, tuple[str, str]]:
    """The lines amid an article that sure rules strip, each with the kind and rule.

    Empty if most lines are no sentences: then menus were saved, too.
    """
    found: dict[int, tuple[str, str]] = {}
    if 2 * sum(map(ends_as_sentence, texts)) < len(texts):
        return found
    for at in range(HEAD_LINES, len(texts)):
        rule = find_rule(texts[at], language) if at not in kept else None
        if rule and rule.is_sure and rule.kind in ASIDE_KINDS and rule.decides(texts[at]):
            found[at] = rule.kind, f"text:{rule.name}"
    return found


def is_prompt(text: str, language: str | None) -> bool:
    """Whether a text rule matches a line and needs no context."""
    rule = find_rule(text, language)
    return rule is not None and rule.decides(text)


def credits_in(texts: Sequence[str]) -> Iterator[int]:
    """The opening lines that say who wrote the article, or when."""
    sentences = 0
    for at, text in enumerate(texts[1 : OPENING_LINES + 1], 1):
        is_early = sentences <= MAX_OPENING_SENTENCES
        if is_date_line(text, is_exact=not is_early) or (is_early and find_byline(text, ())):
            yield at
        sentences += word_count(text) >= MIN_SENTENCE_WORDS and ends_as_sentence(text)


def is_clean(texts: Sequence[str], language: str | None, kept: frozenset[int]) -> bool:
    """Whether there is nothing to remove from these lines, apart from those the source keeps."""
    opens_with_menu = len(texts) >= MIN_MENU_PAGE_LINES and all(
        word_count(text) <= MAX_MENU_LINE_WORDS and not ends_as_sentence(text)
        for text in texts[:HEAD_LINES]
    )
    if opens_with_menu:  # of a page saved as text, which rules alone cannot remove
        return False
    has_prompt = any(
        at not in kept and is_prompt(texts[at], language) for at in range(HEAD_LINES, len(texts))
    )
    return not has_prompt and kept.issuperset(credits_in(texts))


def strip_leftovers(draft: Draft, language: str | None, kept: frozenset[int]) -> None:
    """Strip lines for which `is_clean` would reject the result."""
    for at, role in list(draft.roles.items()):
        if role in (Role.BODY, Role.CAPTION) and is_prompt(draft.text(at), language):
            draft.strip(at, "other", "text:line")
    # Even what the metadata repeat: `<h2 class="deck">Updated 3 March 2026, 10:20</h2>`.
    draft.protected = kept
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
    opening = list(once.values())[: -OPENING_LINES - 2 : -1]
    places = map(opening.__getitem__, credits_in([draft.text(at) for at in opening]))
    found = next((at for at in places if at not in draft.protected), None)
    if found is not None and draft.roles[found] is Role.HEADLINE:
        return None if opening[0] in draft.protected else opening[0]
    return found
