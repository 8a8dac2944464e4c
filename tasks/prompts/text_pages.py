"""Pages saved as text: find their head, and pass through those with nothing to remove."""

import re
from collections.abc import Sequence

from tasks.model import Cleaned
from tasks.prompts.block_selection import MIN_ARTICLE_SCORE, first_paragraph
from tasks.prompts.draft import Draft, Role
from tasks.prompts.page_hints import Hints
from tasks.prompts.short_lines import looks_credited
from tasks.prompts.text_statistics import ends_as_sentence
from tasks.prompts.word_weights import fold, word_count

DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[.:h]\d{2}\b|\bago\b|\bupdated\b", re.I)
OPENING_LINES = 8  # before the first paragraph that can hold the headline
SURE_PARAGRAPH_WORDS = 20  # of a sentence that is certainly a paragraph


def open_text(draft: Draft, headline: int) -> int:
    """Find the headline of a page saved as text, keep its lines; return the headline's index.

    It is the first line of some length in the run of lines that leads to the first paragraph.
    """
    first, words = first_paragraph(draft), draft.columns["words"]
    if not -1 <= headline < first:
        return headline
    start = headline if headline >= 0 else max(0, first - OPENING_LINES)
    for at in [at for at in range(start, first) if at in draft.roles]:
        draft.roles.pop(at)
    if headline < 0:
        for at in range(start, first):
            is_title = 4 <= words[at] <= 30 and not draft.columns["ends_sentence"][at]
            if is_title and at not in draft.reasons and not looks_credited(draft.text(at)):
                headline = at
                break
    for at in range(headline + 1, first) if headline >= 0 else ():
        if at not in draft.reasons and looks_credited(draft.page.blocks[at].text):
            draft.roles[at] = Role.CAPTION
        elif draft.score[at] >= MIN_ARTICLE_SCORE and at not in draft.reasons:
            draft.roles[at] = Role.BODY
    return headline


def text_role(draft: Draft, at: int, headline: int, first: int) -> Role | None:
    """The role of a line before the first paragraph."""
    words, text = draft.columns["words"][at], draft.page.blocks[at].text
    if headline < 0 or at == first:
        return None
    if at == headline - 1 and words <= 5 and headline < OPENING_LINES:
        return Role.KICKER
    is_next = at == headline + 1 and 5 <= words <= 45
    return Role.STANDFIRST if is_next and not DATE.search(text) else None


def assign_text_roles(texts: Sequence[str], hints: Hints) -> Cleaned:
    """All lines in order: kicker, headline, standfirst, captions that follow it, body."""
    headline = fold(hints.headline)
    named = [at for at in (0, 1) if headline and at < len(texts) and fold(texts[at]) == headline]
    has_kicker = len(texts) > 1 and word_count(texts[0]) <= 5 and _is_heading(texts[1])
    # The headline is the first line, or follows a kicker.
    if named:
        title = named[0]
    elif has_kicker and not ends_as_sentence(texts[0]):
        title = 1
    elif texts and _is_heading(texts[0]):
        title = 0
    else:
        return Cleaned(paragraphs=tuple(texts))
    rest = title + 1
    paragraphs = (
        at
        for at in range(rest, len(texts))
        if word_count(texts[at]) >= SURE_PARAGRAPH_WORDS and ends_as_sentence(texts[at])
    )
    first = next(paragraphs, len(texts))
    has_standfirst = rest < first < len(texts) and 5 <= word_count(texts[rest]) <= 45
    captions = rest + has_standfirst
    body = captions
    while body < first < len(texts) and looks_credited(texts[body]):
        body += 1
    # Captions are kept once each: if one repeats, all stay in the body, where nothing is lost.
    if len(set(texts[captions:body])) < body - captions:
        body = captions
    return Cleaned(
        paragraphs=tuple(texts[body:]),
        captions=tuple(texts[captions:body]),
        kicker=texts[0] if title else None,
        headline=texts[title],
        standfirst=texts[rest] if has_standfirst else None,
    )


def _is_heading(text: str) -> bool:
    return 4 <= word_count(text) <= 30 and not ends_as_sentence(text)
