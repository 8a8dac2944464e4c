"""Strip paragraphs that are nothing but links to other pages of the site, and their label."""

import re
from itertools import groupby
from urllib.parse import urljoin, urlsplit

import numpy as np

from tasks.prompts.draft import Draft
from tasks.prompts.link_lines import MAX_LABEL_WORDS, MIN_LINKED_IF_LONG, MIN_MEAN_ITEM_WORDS
from tasks.text.urls import same_site

MIN_LINKS = 2  # A single one may be what the text is about: `The letter in full`
MIN_BOLD = 0.9  # Share of a label in bold
QUESTIONS = ("?", "!", "？", "！", "؟")  # End headlines, too
BULLET = re.compile(r"^[^\w“„«「『\"'(]+")
# What an author cites is a document, or elsewhere.
DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|csv|zip|jpe?g|png)(?:[?#]|$)", re.I)


def strip_linked_paragraphs(draft: Draft, address: str) -> None:
    """Strip two or more headlines in a row that lead to other pages of the site, and their label.

    A list of sources leads elsewhere, a list of people has shorter names.
    """
    page, columns = draft.page, draft.columns
    if page.is_text:
        return
    is_title = columns["ends_sentence"] == 0
    is_title |= np.array([block.text.endswith(QUESTIONS) for block in page.blocks])
    sizes = np.array([len(BULLET.sub("", block.text)) for block in page.blocks])
    is_link = is_title & (columns["link_share"] * columns["chars"] > MIN_LINKED_IF_LONG * sizes)

    def holder(at: int) -> int:
        """The element around a linked paragraph; -1 for other blocks."""
        own = page.elements[page.blocks[at].element]
        targets = page.blocks[at].targets
        is_away = is_link[at] and all(_is_page(address, target) for target in targets)
        return own.parent if own.tag == "p" and is_away else -1

    for outer, group in groupby(range(len(page.blocks)), holder):
        links = list(group)
        is_long = columns["words"][links].mean() >= MIN_MEAN_ITEM_WORDS
        # Several may lead to parts of one page, or be of one link, as to a product.
        targets = [target for at in links for target in page.blocks[at].targets]
        places = {target.partition("#")[0] for target in targets}
        if outer >= 0 and min(len(links), len(places)) >= MIN_LINKS and is_long:
            above = links[0] - 1
            label = [above] if _is_label(draft, above, outer) else []
            for at in draft.roles.keys() & {*links, *label}:
                draft.strip(at, "related", "dom:linked-paragraphs")


def _is_page(address: str, target: str) -> bool:
    """Whether a link leads to another page of the site, as far as its address is known."""
    if not target or target.startswith("#") or DOCUMENT.search(target):
        return False
    try:
        url = urljoin(address, target.strip())
        # Without the page's address a relative one stays relative, and no host is the site's.
        is_relative = not urlsplit(url).scheme and not url.startswith("//")
    except ValueError:  # `http://[`
        return False
    return same_site(url, address) or (is_relative and not address)


def _is_label(draft: Draft, at: int, outer: int) -> bool:
    """Whether a block is a short heading, or in bold, beside the paragraphs of an element."""
    if at < 0 or draft.page.elements[draft.page.blocks[at].element].parent != outer:
        return False
    columns = draft.columns
    is_short = columns["words"][at] <= MAX_LABEL_WORDS and not columns["ends_sentence"][at]
    return bool(is_short and (columns["heading"][at] > 1 or columns["bold_share"][at] > MIN_BOLD))
