"""Strip paragraphs that are nothing but links to other pages of the site, and their label."""

import re
from itertools import groupby
from urllib.parse import urljoin, urlsplit

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
    page, words = draft.page, draft.columns["words"]
    if page.is_text:
        return
    for outer, group in groupby(range(len(page.blocks)), lambda at: _around_link(draft, at)):
        links = list(group)
        if outer < 0 or len(links) < MIN_LINKS or not draft.roles.keys() & links:
            continue
        # Several may lead to parts of one page, or be of one link, as to a product.
        targets = [target for at in links for target in page.blocks[at].targets]
        places = {target.partition("#")[0] for target in targets}
        is_long = words[links].mean() >= MIN_MEAN_ITEM_WORDS
        if is_long and len(places) >= MIN_LINKS and all(_is_page(address, x) for x in targets):
            above = links[0] - 1
            label = [above] if _is_label(draft, above, outer) else []
            for at in draft.roles.keys() & {*links, *label}:
                draft.strip(at, "related", "dom:linked-paragraphs")


def _around_link(draft: Draft, at: int) -> int:
    """The element around a paragraph that is a link and no sentence; -1 for other blocks."""
    block = draft.page.blocks[at]
    own = draft.page.elements[block.element]
    if own.tag != "p" or not block.link_chars:
        return -1
    is_link = block.link_chars > MIN_LINKED_IF_LONG * len(BULLET.sub("", block.text))
    is_title = not draft.columns["ends_sentence"][at] or block.text.endswith(QUESTIONS)
    return own.parent if is_link and is_title else -1


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
