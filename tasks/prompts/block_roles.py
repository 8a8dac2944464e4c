"""Assign roles to kept blocks: headline, kicker, standfirst, caption, byline, body."""

import re

from tasks.prompts.block_selection import MIN_ARTICLE_SCORE, first_paragraph
from tasks.prompts.draft import Draft, Role
from tasks.prompts.page import TAG_FLAGS, Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.reader_comments import MIN_ARTICLE_CHARS
from tasks.prompts.short_lines import (
    find_byline,
    is_count,
    is_date_line,
    last_crumb,
    looks_credited,
)
from tasks.prompts.text_pages import open_text, text_role
from tasks.prompts.word_weights import fold, word_count

KICKER = re.compile(r"kicker|overline|eyebrow|dachzeile|topline|roofline|spitzmarke|strapline-top")
STANDFIRST = re.compile(
    r"standfirst|sub-?(?:title|head|line|headline)|\bdek\b|deck|\blead\b|lede|teaser-?text|intro|"
    r"summary|excerpt|abstract|chapo|vorspann|entradilla|bajada|sottotitolo|occhiello|ingress|"
    r"manchet|article-?lead|description"
)
CAPTION = re.compile(r"caption|bildunterschrift|photo-?credit|legend|bildtext|byline-image")
FIGURE = TAG_FLAGS["figcaption"] | TAG_FLAGS["figure"]
MAX_CAPTION_BLOCKS = 2
MAX_PICTURE_CHARS = 500  # of an element that contains only a picture and its caption
BIO_BLOCKS = 3
MAX_BIO_WORDS = 60
MIN_SPEAKER_LINES = 2  # Lines that begin with a name and a colon, for it to be a speaker's
CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.\w|(?:^|\s)@\w{3,}")  # A mail address or a handle
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
MAX_SCORE_ABOVE = 2 * MIN_ARTICLE_SCORE  # of prose above the headline that is stripped
MAX_LABEL_WORDS = 4  # such as `Print` or `Save for later`
# Letters of a dateline before what the description repeats: `BERLIN. `
MAX_DATELINE_CHARS = 24


def find_headline(page: Page, headline: str | None) -> int:
    """Index of the block that repeats the headline, else of the first h1 of 3 words, else -1."""
    folded = fold(headline)
    sizes = _sizes(folded) if folded else range(0)
    candidates = (at for at, block in enumerate(page.blocks) if len(block.text) in sizes)
    if exact := [at for at in candidates if fold(page.blocks[at].text) == folded]:
        # Breadcrumbs and share texts repeat the headline, too.
        tops = [at for at in exact if page.elements[page.blocks[at].element].tag == "h1"]
        return (tops or exact)[0]
    for at, block in enumerate(page.blocks):
        if page.elements[block.element].tag == "h1" and word_count(block.text) > 2:
            return at
    return -1


def assign_roles(draft: Draft, headline: int, hints: Hints) -> None:
    """Give the blocks around and within the article their roles."""
    if draft.page.is_text:
        headline = open_text(draft, headline)
    _assign_headline(draft, headline)
    body = draft.body
    if not body:
        return
    first = first_paragraph(draft, headline)
    # The byline is the first line between headline and text that names who wrote it.
    for at in range(max(0, headline), first):
        is_free = draft.roles.get(at, Role.BODY) is Role.BODY
        if is_free and (found := find_byline(draft.text(at), hints.authors)):
            draft.reasons.pop(at, None)
            draft.roles[at], draft.byline = Role.BYLINE, found
            break
    _strip_opening(draft, headline, first)
    _assign_captions(draft, max(0, min(headline, body[0])), body[-1], headline)
    _strip_above(draft, headline)
    first = first_paragraph(draft, headline)
    for at in range(max(0, headline - 3), first + 1):
        role = _opening_role(draft, at, headline, first, hints)
        rule = draft.reasons.get(at, ("", ""))[1]
        # Next to the headline the model's doubt alone does not rule out a kicker, nor prompts
        # nearby a standfirst.
        is_free = not rule or (role is Role.KICKER and rule.startswith("model:"))
        is_free = is_free or (role is Role.STANDFIRST and rule == "model:amid-prompts")
        # A standfirst whose sentence ends in the paragraph after it belongs to that.
        if role is Role.STANDFIRST and not draft.columns["ends_sentence"][at]:
            after = _next_paragraph(draft, at)
            role = Role.BODY if after >= 0 and draft.text(after)[0].islower() else role
        if role and (role is Role.BODY or role not in draft.roles.values()) and is_free:
            draft.reasons.pop(at, None)
            draft.roles[at] = role
    # The section is the last entry of the breadcrumb trail above the headline.
    for at in range(headline - 1, max(-1, headline - 6), -1):
        if draft.page.blocks[at].links >= 2 and draft.columns["link_share"][at] > 0.5:
            draft.section = last_crumb(draft.text(at))
            break
    _strip_biography(draft, hints)


def _assign_headline(draft: Draft, headline: int) -> None:
    if headline < 0 or headline in draft.reasons:
        return
    draft.roles[headline] = Role.HEADLINE
    wanted = fold(draft.text(headline))
    sizes = _sizes(wanted)
    for at in list(draft.roles):
        is_near = at != headline and len(draft.text(at)) in sizes
        if is_near and fold(draft.text(at)) == wanted:
            draft.strip(at, "furniture", "dom:headline-copy")


def _sizes(folded: str) -> range:
    """The possible lengths of a text that folds to this one."""
    return range(len(folded), 2 * len(folded) + 20)


def _strip_opening(draft: Draft, headline: int, first: int) -> None:
    """Strip date lines and rows of labels between headline and first paragraph."""
    elements, blocks = draft.page.elements, draft.page.blocks
    opening = range(max(0, headline + 1), first) if headline >= 0 else range(0)
    for at in opening:
        if draft.roles.get(at) is not Role.BODY:
            continue
        own, text = elements[blocks[at].element], blocks[at].text
        if is_date_line(text):
            draft.strip(at, "furniture", "head:date")
        elif not draft.page.is_text and own.tag not in HEADINGS and is_count(text):
            draft.strip(at, "furniture", "head:count")
        elif _is_short(draft, at):
            # A label has a short sibling next to it, as share buttons have.
            nearby = [x for x in (at - 1, at + 1) if x in opening and _is_short(draft, x)]
            beside = (elements[blocks[x].element] for x in nearby)
            if any((e.tag, e.key, e.parent) == (own.tag, own.key, own.parent) for e in beside):
                draft.strip(at, "share", "head:labels")


def _strip_above(draft: Draft, headline: int) -> None:
    """Strip doubtful prose above an article's headline, such as a summary that is read out."""
    good, body = draft.columns["good"], draft.body
    below = sum(float(good[at]) for at in body if at > headline)
    if below < MIN_ARTICLE_CHARS or draft.page.is_text:
        return
    for at in body:
        if at < headline and good[at] and draft.score[at] < MAX_SCORE_ABOVE:
            draft.strip(at, "furniture", "model:above-headline")


def _is_short(draft: Draft, at: int) -> bool:
    columns = draft.columns
    return bool(columns["words"][at] <= MAX_LABEL_WORDS and not columns["ends_sentence"][at])


def _opening_role(draft: Draft, at: int, headline: int, first: int, hints: Hints) -> Role | None:
    """The role of a block between kicker and first paragraph, where the page marks it."""
    block, words = draft.page.blocks[at], draft.columns["words"][at]
    if draft.roles.get(at, Role.BODY) is not Role.BODY:
        return None
    if draft.page.is_text:
        return text_role(draft, at, headline, first)
    key = draft.page.elements[block.element].key + " " + block.inline_key
    if at < headline:
        is_marked = KICKER.search(key) and words <= 8
        return Role.KICKER if is_marked or _is_over_headline(draft, at, headline) else None
    if at > headline and words >= 5 and _is_standfirst(draft, at, key, hints):
        return Role.STANDFIRST
    return None


def _is_over_headline(draft: Draft, at: int, headline: int) -> bool:
    """Whether a block is a short line right before the headline, first in their common element."""
    page, text = draft.page, draft.page.blocks[at].text
    if at != headline - 1 or not 0.5 <= draft.columns["words"][at] <= 5 or len(text) > 40:
        return False
    title = page.elements[page.blocks[headline].element]
    own = page.blocks[at].element
    is_beside = own == title.parent or page.elements[own].parent == title.parent
    is_alone = title.tag == "h1" and title.parent >= 0 and page.elements[title.parent].start == at
    is_plain = page.elements[own].tag not in ("li", "button") and page.blocks[at].links <= 1
    return is_beside and is_alone and is_plain and not is_date_line(text)


def _is_standfirst(draft: Draft, at: int, key: str, hints: Hints) -> bool:
    text, page = draft.page.blocks[at].text, draft.page
    if len(text) > 600:
        return False
    # Below a dateline it is the first paragraph if it scores as one, else a standfirst.
    is_description = is_description_of(text, hints, 0 if at in draft.roles else MAX_DATELINE_CHARS)
    if draft.score[at] < 0.05 and not is_description:
        return False
    if STANDFIRST.search(key):
        return True
    after = _next_paragraph(draft, at) if is_description else -1
    if after < 0:
        return False
    own, other = page.blocks[at].element, page.blocks[after].element
    alike = page.elements[own].parent == page.elements[other].parent
    return not (alike and page.elements[own].key == page.elements[other].key)


def is_description_of(text: str, hints: Hints, before: int = MAX_DATELINE_CHARS) -> bool:
    """Whether a text is the page's description, or so many letters and the description.

    Sites cut descriptions at some length: the beginning has to do.
    """
    shown, stated = fold(text[:600]), fold(hints.description)[:200]
    start = shown.find(stated, 0, len(stated) + before)
    return len(stated) > 12 and start >= 0 and len(shown[start:][:200]) == len(stated)


def _next_paragraph(draft: Draft, at: int) -> int:
    """The first block of the body after a block; -1 for none."""
    return next((x for x in draft.body if x > at), -1)


def _strip_biography(draft: Draft, hints: Hints) -> None:
    """Strip the author's biography and address from the last lines."""
    authors = [name for name in (*hints.authors, draft.byline or "") if len(fold(name)) > 5]
    labels = tuple(f"{name}{colon}".casefold() for name in authors for colon in (":", "："))
    # In an interview the author's name stands for who is asking.
    spoken = [at for at in draft.body if draft.text(at).casefold().startswith(labels)]
    is_interview = len(spoken) >= MIN_SPEAKER_LINES
    names = [fold(name) for name in authors]
    for at in reversed(draft.body[3:][-BIO_BLOCKS:]):
        text = draft.text(at)
        if _is_under_name(draft, at):
            draft.strip(at, "furniture", "end:author")
        if draft.columns["words"][at] > MAX_BIO_WORDS or (is_interview and at in spoken):
            continue
        is_bio = any(fold(text[:60]).startswith(name) for name in names)
        if is_bio or (CONTACT.search(text) and any(name in fold(text) for name in names)):
            draft.strip(at, "furniture", "end:author")


def _is_under_name(draft: Draft, at: int) -> bool:
    """Whether a text outside the article's element begins with the linked name right above it."""
    page = draft.page
    if page.is_text or at == 0 or at - 1 in draft.roles or not page.blocks[at - 1].links:
        return False
    own = page.elements[page.blocks[at].element].parent
    if own == page.elements[page.blocks[first_paragraph(draft)].element].parent:
        return False
    name = draft.text(at - 1)
    is_name = 2 <= len(name.split()) <= MAX_LABEL_WORDS
    return is_name and fold(draft.text(at)[:60]).startswith(fold(name))


def _assign_captions(draft: Draft, first: int, last: int, headline: int) -> None:
    """Give the captions from `first` to `last` their role."""
    page, columns = draft.page, draft.columns
    for at in range(first, last + 1):
        if at in draft.reasons or draft.roles.get(at) not in (None, Role.BODY):
            continue
        block = page.blocks[at]
        if page.is_text:
            is_caption = at in draft.roles and looks_credited(block.text)
        else:
            element = page.elements[block.element]
            key = f"{element.key} {block.inline_key}"
            outer = page.elements[max(0, element.parent)]
            # `<div class="caption"><p>`: an element of that name with little else in it.
            if outer.end - outer.start <= MAX_CAPTION_BLOCKS:
                key += f" {outer.key}"
            is_marked = element.flags & FIGURE or CAPTION.search(key)
            is_plausible = (
                columns["words"][at] >= 2
                and columns["link_share"][at] <= 0.8
                and draft.score[at] >= 0.03
            )
            is_caption = bool(is_marked and is_plausible) or _is_by_picture(draft, at, headline)
        if is_caption:
            draft.roles[at] = Role.CAPTION


def _is_by_picture(draft: Draft, at: int, headline: int) -> bool:
    """Whether a short text and a picture have a small element to themselves."""
    page, text = draft.page, draft.page.blocks[at].text
    own = page.blocks[at].element
    around = next((up for up in page.ancestors(own, 3) if up in page.images), -1)
    if around < 0 or page.elements[around].start <= headline < page.elements[around].end:
        return False
    words = draft.columns["words"][at]
    if not 2 <= words <= 60 or draft.columns["link_share"][at] > 0.5:
        return False
    box = page.elements[around]
    size = sum(len(block.text) for block in page.blocks[box.start : min(box.end, box.start + 4)])
    if box.end - box.start > 3 or size > MAX_PICTURE_CHARS or (around == own and box.tag == "p"):
        return False
    if looks_credited(text):
        return True
    return at in draft.roles and (words <= 25 or not draft.columns["good"][at])
