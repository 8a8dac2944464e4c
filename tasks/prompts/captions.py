"""Find captions by their markup, by a picture beside them, or by the credit at their end."""

import re

from tasks.prompts.block_selection import Draft, Role
from tasks.prompts.blocks import TAG_FLAGS

CAPTION = re.compile(r"caption|bildunterschrift|photo-?credit|legend|bildtext|byline-image")
CREDIT = re.compile(
    r"©|\b(?:photo|foto|image|bild|picture|credit|crédit|getty|reuters|afp|shutterstock|dpa|"
    r"afp|epa|photograph)\b\W{0,3}(?:\w+\W{0,3}){0,4}$|^\W*(?:photo|foto|bild|image)\b|写真|©",
    re.I,
)
FIGURE = TAG_FLAGS["figcaption"] | TAG_FLAGS["figure"]
PICTURE = 500  # Most characters of an element that contains only a picture and its caption


def take_captions(draft: Draft, first: int, last: int, headline: int) -> None:
    """Give the captions from `first` to `last` their role."""
    for at in range(first, last + 1):
        if at in draft.reasons or draft.roles.get(at) not in (None, Role.BODY):
            continue
        if draft.page.is_text:
            is_caption = at in draft.roles and looks_credited(draft.page.blocks[at].text)
        else:
            is_caption = _is_caption(draft, at) or _is_by_picture(draft, at, headline)
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
    if box.end - box.start > 3 or size > PICTURE or (around == own and box.tag == "p"):
        return False
    if looks_credited(text):
        return True
    return at in draft.roles and (words <= 25 or not draft.columns["good"][at])


def looks_credited(text: str) -> bool:
    """Whether a line ends in, or opens with, the credit of a picture."""
    return len(text) < 500 and CREDIT.search(text[-80:]) is not None and text[-1] not in '.!?"”'
