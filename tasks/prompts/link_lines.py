"""Strip lines that are mostly links, and labels that the page repeats."""

import re
from collections import Counter

import numpy as np

from tasks.prompts.block_selection import MIN_ARTICLE_SCORE
from tasks.prompts.draft import Draft
from tasks.prompts.page import TAG_FLAGS
from tasks.prompts.word_weights import fold

# A tag, a teaser or a label with a lower score is not the article's.
MIN_LABEL_SCORE = 2 * MIN_ARTICLE_SCORE
MIN_HEADING_SCORE = 0.75  # The same for a heading that is a link
MIN_LINKED = 0.6  # Share of a line in links above which it can be a tag or a teaser
MIN_LINKED_IF_LONG = 0.9  # The same for a line of more than MAX_TAG_WORDS
MAX_TAG_WORDS = 10
MIN_SHOUTED_WORDS, MIN_CAPITALS = 5, 0.9  # of a link in capitals
# So many clock times in elements of the same name are those of a live blog's entries; so many texts
# below linked headings are teasers.
MIN_ENTRIES = 3
TIME = re.compile(
    r"""
    (?:\d{4}-\d\d-\d\d[T ])?(?:[오上下][전후午]\s?)?
    \d{1,2}(?::\d\d){1,2}(?:Z|[+-]\d\d:?\d\d)?(?:\s?[ap]\.?m\.?)?(?:\s(?:Uhr|[A-Z]{2,4}))?
    | \d{1,2}\.\d\d\s?(?:[ap]\.?m\.?|Uhr)
    | \d{1,2}\s?(?:h|時|시)(?:\s?\d\d\s?(?:分|분)?)?
    | \d{1,3}(?:\+\d)?['’′]
    """,
    re.I | re.X,
)
# Where a reader tells Google to show more of the paper: the same address in every language. The
# linked share of a line that asks for it; news of it has less.
PREFERENCES = re.compile(r"^(?:https?:)?//(?:www\.)?google\.[a-z.]+/preferences/source\b", re.I)
MIN_LINKED_OF_ORDER = 0.4
MAX_TEASER_BLOCKS = 3  # after its heading
MAX_LABEL_WORDS, MIN_LABEL_REPEATS = 4, 5  # of a label that a page repeats, such as `Read more`
# A list of links.
MIN_MEAN_ITEM_WORDS, MAX_LIST_BLOCKS, MIN_LINKED_OF_LIST = 4, 12, 0.5


def strip_link_lines(draft: Draft) -> None:
    """Strip tags, teasers, lists of related links, and labels that the page repeats."""
    if draft.page.is_text:
        return
    columns, page = draft.columns, draft.page
    linked = columns["link_share"]
    is_line = (linked > MIN_LINKED) & (columns["words"] <= MAX_TAG_WORDS)
    is_line |= linked > MIN_LINKED_IF_LONG
    # A heading that is a link leads to another article, unless it leads to a place on the page.
    is_heading = (columns["heading"] > 1) & (linked > MIN_LINKED_IF_LONG)
    headings = np.flatnonzero(is_line & is_heading).tolist()
    is_line[headings] = [
        any(target[:1] not in ("", "#") for target in page.blocks[at].targets) for at in headings
    ]
    limit = np.where(is_heading, MIN_HEADING_SCORE, MIN_LABEL_SCORE)
    is_line &= (columns["ends_sentence"] == 0) & (draft.score < limit)
    for at in np.flatnonzero(is_line).tolist():
        # Linked paragraphs, `via The Herald`, are the author's.
        if at in draft.roles and page.elements[page.blocks[at].element].tag not in ("p", "h1"):
            draft.strip(at, "related", "dom:link-line")
    # Paragraphs that are a link in capitals: `FIVE HURT AS FERRY HITS A PIER`.
    is_link = (linked > MIN_LINKED_IF_LONG) & (columns["words"] >= MIN_SHOUTED_WORDS)
    for at in [at for at in draft.roles if is_link[at]]:
        letters = [sign for sign in draft.text(at) if sign.isupper() or sign.islower()]
        # A name may keep its small letters: `McCONNELL`.
        is_shouted = sum(map(str.isupper, letters)) > MIN_CAPITALS * max(1, len(letters))
        if is_shouted and page.elements[page.blocks[at].element].tag == "p":
            draft.strip(at, "related", "dom:link-line")
    _strip_preferences(draft)
    _strip_labels(draft)
    _strip_times(draft)
    _strip_teasers(draft)
    # The rest of a list whose items are links to other articles, judged as a whole.
    for element in page.elements:
        items, count = slice(element.start, element.end), element.end - element.start
        if element.tag not in ("ul", "ol") or not 2 <= count <= MAX_LIST_BLOCKS:
            continue
        sizes = columns["chars"][items]
        share = (linked[items] * sizes).sum() / sizes.sum()
        is_long = columns["words"][items].mean() >= MIN_MEAN_ITEM_WORDS
        # Titles alone, without a sentence around them.
        has_sentence = columns["ends_sentence"][items].any()
        is_bare = linked[items].min() >= MIN_LINKED_IF_LONG and not has_sentence
        is_aside = element.flags & TAG_FLAGS["aside"]
        highest = MIN_HEADING_SCORE if is_bare or is_aside else MIN_LABEL_SCORE
        if share >= MIN_LINKED_OF_LIST and is_long and draft.score[items].mean() < highest:
            for at in draft.roles.keys() & range(element.start, element.end):
                draft.strip(at, "related", "dom:link-list")


def _strip_preferences(draft: Draft) -> None:
    """Strip `Add us as a preferred source on Google`."""
    for at in list(draft.roles):
        is_order = draft.columns["link_share"][at] >= MIN_LINKED_OF_ORDER
        if is_order and any(map(PREFERENCES.match, draft.page.blocks[at].targets)):
            draft.strip(at, "other", "dom:preferred-source")


def _strip_labels(draft: Draft) -> None:
    """Strip `Read more` and `Compare prices`; lists and tables repeat words of their own."""
    page, linked = draft.page, draft.columns["link_share"]
    inside: set[int] = set()
    for element in page.elements:
        if element.tag in ("ul", "ol", "table"):
            inside.update(range(element.start, element.end))
    short = np.flatnonzero(draft.columns["words"] <= MAX_LABEL_WORDS).tolist()
    labels = {at: fold(draft.text(at)) for at in short if at not in inside}
    counts = Counter(labels.values())
    for at, label in labels.items():
        # Subheadings such as `Pros` and `Cons` are repeated, too: they score well.
        is_weak = draft.score[at] < MIN_LABEL_SCORE or linked[at] > MIN_LINKED
        if at in draft.roles and label and counts[label] >= MIN_LABEL_REPEATS and is_weak:
            draft.strip(at, "furniture", "dom:label")


def _strip_teasers(draft: Draft) -> None:
    """Strip the texts below links to other articles, in boxes of one name side by side."""
    teasers: dict[tuple[int, str, str], list[int]] = {}
    linked = draft.columns["link_share"] > MIN_LINKED_IF_LONG
    # Not a question, whose answer is below.
    is_link = linked & (draft.columns["ends_sentence"] == 0)
    for element in draft.page.elements:
        below = range(element.start + 1, element.end)
        if 1 <= len(below) <= MAX_TEASER_BLOCKS and is_link[element.start]:
            box = element.parent, element.tag, element.key
            teasers.setdefault(box, []).extend(below)
    for texts in teasers.values():
        kept = [at for at in texts if at in draft.roles]
        if len(texts) >= MIN_ENTRIES and kept and draft.score[kept].max() < MIN_LABEL_SCORE:
            for at in kept:
                draft.strip(at, "related", "dom:teaser")


def _strip_times(draft: Draft) -> None:
    """Strip the times that stand over the entries of a live blog."""
    page = draft.page
    times: dict[tuple[str, str], list[int]] = {}
    for at, block in enumerate(page.blocks):
        own = page.elements[block.element]
        # Lists and tables hold results.
        if own.tag not in ("li", "td", "dd") and TIME.fullmatch(block.text):
            times.setdefault((own.tag, own.key), []).append(at)
    for entries in times.values():
        for at in entries if len(entries) >= MIN_ENTRIES else ():
            if at in draft.roles:
                draft.strip(at, "furniture", "dom:time")
