"""Headline, kicker, standfirst, captions and byline among the kept blocks."""

import re

from tasks.prompts.blocks import TAG_FLAGS, Page
from tasks.prompts.hints import Hints
from tasks.prompts.select import KEEP, Draft, Role, fold

KICKER = re.compile(r"kicker|overline|eyebrow|dachzeile|topline|roofline|spitzmarke|strapline-top")
STANDFIRST = re.compile(
    r"standfirst|sub-?(?:title|head|line|headline)|\bdek\b|deck|\blead\b|lede|teaser-?text|intro|"
    r"summary|excerpt|abstract|chapo|vorspann|entradilla|bajada|sottotitolo|occhiello|ingress|"
    r"manchet|article-?lead|description"
)
CAPTION = re.compile(r"caption|bildunterschrift|photo-?credit|legend|bildtext|byline-image")
BYLINE = re.compile(
    r"^(?:by|von|par|por|di|da|av|af|door|text|from|reported by|written by)[: ]\s*\S.{1,80}$", re.I
)
CREDIT = re.compile(
    r"©|\b(?:photo|foto|image|bild|picture|credit|crédit|getty|reuters|afp|shutterstock|dpa|"
    r"afp|epa|photograph)\b\W{0,3}(?:\w+\W{0,3}){0,4}$|^\W*(?:photo|foto|bild|image)\b|写真|©",
    re.I,
)
DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[.:h]\d{2}\b|\bago\b|\bupdated\b", re.I)
OPENING = 8
"""Lines before the first paragraph of a page saved as text that can hold its headline."""
FIGURE = TAG_FLAGS["figcaption"] | TAG_FLAGS["figure"]


def find_headline(page: Page, headline: str | None) -> int:
    """Index of the block that repeats the headline, else of the first long h1, else -1."""
    wanted = fold(headline)
    sizes = range(len(wanted), 2 * len(wanted) + 20)
    texts = [fold(b.text) if len(b.text) in sizes else "" for b in page.blocks]
    if wanted and wanted in texts:
        exact = [at for at, text in enumerate(texts) if text == wanted]
        tops = [at for at in exact if page.elements[page.blocks[at].element].tag == "h1"]
        return (tops or exact)[0]
    for at, block in enumerate(page.blocks):
        if page.elements[block.element].tag == "h1" and len(block.text.split()) > 2:
            return at
    return -1


def assign_roles(draft: Draft, headline: int, hints: Hints) -> None:
    """Give the blocks around and within the article their roles."""
    if draft.page.is_text:
        headline = _text_opening(draft, headline)
    _take_headline(draft, headline)
    body = [at for at, role in sorted(draft.roles.items()) if role is Role.BODY]
    if not body:
        return
    _take_captions(draft, max(0, min(headline, body[0])), body[-1])
    first = _first_paragraph(draft)
    for at in range(max(0, headline - 3), first + 1):
        role = _opening_role(draft, at, headline, first, hints)
        if role and role not in draft.roles.values() and at not in draft.reasons:
            draft.roles[at] = role


def _take_headline(draft: Draft, headline: int) -> None:
    if headline < 0 or headline in draft.reasons:
        return
    draft.roles[headline] = Role.HEADLINE
    own = fold(draft.page.blocks[headline].text)
    for at in list(draft.roles):
        if at != headline and fold(draft.page.blocks[at].text) == own:
            draft.strip(at, "furniture", "dom:headline-copy")


def _first_paragraph(draft: Draft) -> int:
    """The first running text of the body."""
    body = [at for at, role in sorted(draft.roles.items()) if role is Role.BODY]
    long = [at for at in body if draft.columns["words"][at] >= 20 and draft.columns["good"][at]]
    return (long or body or [-1])[0]


def _take_captions(draft: Draft, first: int, last: int) -> None:
    for at in range(first, last + 1):
        if at in draft.reasons or draft.roles.get(at) not in (None, Role.BODY):
            continue
        if draft.page.is_text:
            is_caption = at in draft.roles and _looks_credited(draft.page.blocks[at].text)
        else:
            is_caption = _is_caption(draft, at)
        if is_caption:
            draft.roles[at] = Role.CAPTION


def _is_caption(draft: Draft, at: int) -> bool:
    page = draft.page
    element = page.elements[page.blocks[at].element]
    is_marked = element.flags & FIGURE or CAPTION.search(
        element.key + " " + page.blocks[at].inline_key
    )
    if not is_marked or draft.columns["words"][at] < 2 or draft.columns["link_share"][at] > 0.8:
        return False
    return bool(draft.score[at] >= 0.03)


def _looks_credited(text: str) -> bool:
    return len(text) < 500 and CREDIT.search(text[-80:]) is not None and text[-1] not in '.!?"”'


def _opening_role(draft: Draft, at: int, headline: int, first: int, hints: Hints) -> Role | None:
    """The role of a block between kicker and first paragraph, where the page marks it."""
    block, words = draft.page.blocks[at], draft.columns["words"][at]
    if draft.roles.get(at, Role.BODY) is not Role.BODY:
        return None
    if _is_byline(block.text, hints) and at < first:
        return Role.BYLINE
    if draft.page.is_text:
        return _text_role(draft, at, headline, first)
    key = draft.page.elements[block.element].key + " " + block.inline_key
    if at < headline:
        return Role.KICKER if KICKER.search(key) and words <= 8 else None
    if at > headline and words >= 5 and _is_standfirst(draft, at, key, hints):
        return Role.STANDFIRST
    return None


def _is_standfirst(draft: Draft, at: int, key: str, hints: Hints) -> bool:
    text, page = draft.page.blocks[at].text, draft.page
    if len(text) > 600 or draft.score[at] < 0.05:
        return False
    if STANDFIRST.search(key):
        return True
    says_it = fold(text)[:200] == fold(hints.description)[:200] and len(text) > 20
    following = [x for x in sorted(draft.roles) if x > at and draft.roles[x] is Role.BODY]
    if not says_it or not following:
        return False
    own, other = page.blocks[at].element, page.blocks[following[0]].element
    alike = page.elements[own].parent == page.elements[other].parent
    return not (alike and page.elements[own].key == page.elements[other].key)


def _is_byline(text: str, hints: Hints) -> bool:
    if len(text) > 100:
        return False
    return fold(text) in {fold(author) for author in hints.authors if author} or bool(
        BYLINE.match(text) and len(text.split()) <= 12 and text[-1] not in ".!?:"
    )


def _text_opening(draft: Draft, headline: int) -> int:
    """Find the headline of a page saved as text, keep the lines that belong to it; its index.

    It is the first line of some length in the run of lines that leads to the first paragraph.
    """
    first = _first_paragraph(draft)
    if not -1 <= headline < first:
        return headline
    start = headline if headline >= 0 else max(0, first - OPENING)
    for at in [at for at in range(start, first) if at in draft.roles]:
        draft.roles.pop(at)
    if headline < 0:
        titles = (at for at in range(start, first) if _is_title(draft, at))
        headline = next(titles, -1)
    for at in range(headline + 1, first) if headline >= 0 else ():
        if at not in draft.reasons and _looks_credited(draft.page.blocks[at].text):
            draft.roles[at] = Role.CAPTION
        elif draft.score[at] >= KEEP and at not in draft.reasons:
            draft.roles[at] = Role.BODY
    return headline


def _is_title(draft: Draft, at: int) -> bool:
    text, words = draft.page.blocks[at].text, draft.columns["words"][at]
    is_title = 4 <= words <= 30 and not draft.columns["ends_sentence"][at]
    return bool(is_title and at not in draft.reasons and not _looks_credited(text))


def _text_role(draft: Draft, at: int, headline: int, first: int) -> Role | None:
    words, text = draft.columns["words"][at], draft.page.blocks[at].text
    if headline < 0 or at == first:
        return None
    if at == headline - 1 and words <= 5 and headline < OPENING:
        return Role.KICKER
    is_next = at == headline + 1 and 5 <= words <= 45
    return Role.STANDFIRST if is_next and not DATE.search(text) else None
