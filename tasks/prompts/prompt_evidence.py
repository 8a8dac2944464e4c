"""Strip prompts among the kept blocks: by text rules and by score, each with its evidence."""

from collections import Counter

import numpy as np

from tasks.prompts.draft import MIN_PROMPT_WORDS_SCORE, Draft, Role, prose_sizes
from tasks.prompts.text_rules import find_rule
from tasks.prompts.tree_arrays import Column, Index, Mask

# A block is a prompt if its prompt score exceeds a + b * article score; (a, b) by `is_text`.
PROMPT_THRESHOLDS = {False: (0.45, 0.5), True: (0.1, 0.8)}
# The same for plain sentences of the running text of a parsed page: .7 to .85.
PLAIN_SENTENCE_THRESHOLD = (0.7, 0.15)
# A text rule may strip a kept block that has one of these:
UNSURE_ARTICLE_SCORE = {False: 0.6, True: 0.5}  # a lower article score, by `is_text`
SUSPECT_PROMPT_SCORE = 0.4  # this prompt score or more
# So much more weight of the words as a prompt than as an article, with some prompt score, in a
# plain paragraph. Of 310 news sentences that read like prompts, those that match a rule have 1.14
# (a Japanese one of a mail magazine) or less than .6.
MIN_WORDS_MARGIN, MIN_WORDED_SCORE = 1.2, 0.03
MAX_STEPS_UP = 2  # to a button, an input field or an element named for promotion
MIN_ADDRESS_SCORE = 0.3  # of a link's address
MIN_LINK_SHARE = 0.5  # a larger share of its text in links
MIN_QUOTATION_SCORE = 0.1
# What articles, and seldom templates, have between paragraphs. Of headings and quotations the
# prompt score says nothing: it follows the wording.
NONE, LIST, HEADING, QUOTATION = range(4)
BETWEEN = {"ul": LIST, "ol": LIST, "blockquote": QUOTATION}
MAX_BOX_CHARS = 1000  # of a box that a button or a prompt inside makes suspect
# A group of alike blocks is running text if it has more than this share of the largest group's kept
# text, and the largest group has so many characters, or so many sentences as a short article.
MIN_GROUP_SHARE, MIN_LARGEST_CHARS, MIN_LARGEST_SENTENCES = 0.2, 200, 3
# Items of a list whose prompt scores are judged together, and the score of one that is no prompt.
MIN_ITEMS, MAX_ITEMS, NO_PROMPT_SCORE = 3, 12, 0.3
# Kinds of prompts that stop the reader, and those that an offer may follow.
STOPPING_KINDS = frozenset(("metering", "paywall", "registration"))
WALL_KINDS = STOPPING_KINDS | {"trial_offer"}
MAX_OFFER_PARAGRAPHS = 2
MAX_STRIPPED_SHARE = 0.5  # of the kept prose that the model strips as prompts


def keep_quotations(draft: Draft, running: Mask) -> None:
    """Keep quotations between paragraphs unless they score near zero: models see few of them."""
    quoted = between_paragraphs(draft, running) == QUOTATION
    for at in np.flatnonzero(quoted & (draft.score >= MIN_QUOTATION_SCORE)).tolist():
        if at not in draft.reasons:
            draft.roles[at] = Role.BODY


def strip_prompts(draft: Draft, language: str | None, running: Mask) -> None:
    """Strip what a text rule matches, among blocks that are kept or worded like prompts.

    Politics speaks of members, offers, access and sponsors, too: of kept blocks, wording decides
    only those that something else makes doubtful.
    """
    is_checked = draft.columns["prompt_words"] > MIN_PROMPT_WORDS_SCORE
    is_checked[list(draft.roles)] = True
    if draft.page.is_text and draft.roles:
        is_checked[max(0, min(draft.roles) - 12) : min(draft.roles) + 12] = True
    rules = {at: find_rule(draft.text(at), language) for at in np.flatnonzero(is_checked).tolist()}
    found = {at: rule for at, rule in rules.items() if rule is not None}
    headings = [at for at in found if _is_heading(draft, at)]
    # Headings last: what they head may have been stripped.
    for blocks in filter(None, ([at for at in found if at not in headings], headings)):
        doubtful = _suspect_blocks(draft, running)
        for at in blocks:
            rule = found[at]
            # A wall has several lines: `For subscribers only`, then `Subscribe to read the news`.
            is_after = is_by_text_rule(draft, at - 1)
            is_next = is_after and {draft.reasons[at - 1][0], rule.kind} <= STOPPING_KINDS
            is_next &= not (running[at] and draft.score[at] >= UNSURE_ARTICLE_SCORE[False])
            is_wall = at in headings and rule.kind in WALL_KINDS and _offer_under(draft, at)
            is_due = doubtful[at] or is_next or is_wall or rule.decides(draft.text(at))
            if at not in draft.roles or is_due:
                draft.strip(at, rule.kind, f"text:{rule.name}")


def _suspect_blocks(draft: Draft, running: Mask) -> Mask:
    """Blocks that structure or scores, not only their wording, speak against."""
    between = between_paragraphs(draft, running)
    found = suspect_places(draft, running, between)
    found |= (draft.score < UNSURE_ARTICLE_SCORE[draft.page.is_text]) & (between != QUOTATION)
    # The prompt score depends on the wording, too: that of lists has to be higher.
    limit, slope = PLAIN_SENTENCE_THRESHOLD
    high = np.where(between == LIST, limit + slope * draft.score, SUSPECT_PROMPT_SCORE)
    found |= (draft.prompt_score >= high) & (between < HEADING)
    margin = draft.columns["prompt_words"] - draft.columns["article_words"]
    is_worded_so = (margin >= MIN_WORDS_MARGIN) & (draft.prompt_score >= MIN_WORDED_SCORE)
    found |= is_worded_so & (between == NONE)
    # An author writes a sentence once; templates put a box after every few paragraphs.
    page = draft.page
    places = [(block.text, page.elements[block.element].parent) for block in page.blocks]
    times = Counter(places)
    return np.asarray(found | [times[place] > 1 for place in places])


def is_by_text_rule(draft: Draft, at: int) -> bool:
    """Whether a block was stripped for its wording."""
    return at in draft.reasons and draft.reasons[at][1].startswith("text:")


def suspect_places(draft: Draft, running: Mask, between: Index) -> Mask:
    """Which blocks the page's structure speaks against.

    They stand outside the article's running text, have a button, a field or a promotion around
    them, or their links lead where those of prompts do.
    """
    columns = draft.columns
    suspect: Mask = ~running & (between == NONE)
    if not draft.page.is_text:
        close = (columns["control_up"] <= MAX_STEPS_UP) & (
            columns["control_chars"] <= MAX_BOX_CHARS
        )
        for name, near in (
            ("control_up", close),
            ("promo_up", columns["promo_up"] <= MAX_STEPS_UP),
        ):
            suspect |= near & ~_in_article_box(draft, running, near, columns[name])
        suspect |= columns["target_words"] >= MIN_ADDRESS_SCORE
        suspect |= columns["link_share"] > MIN_LINK_SHARE
        # A notice that somebody put between the paragraphs: `<strong>Like this? <a>Sign up</a>`.
        suspect |= (columns["bold_share"] > MIN_LINK_SHARE) & (columns["links"] > 0)
    return suspect


def between_paragraphs(draft: Draft, running: Mask) -> Index:
    """Which blocks are a HEADING of paragraphs of the running text, or stand between such.

    These are without links, in a LIST or QUOTATION.
    """
    page, found = draft.page, np.zeros(len(running), np.intp)
    for at in draft.roles:
        found[at] = HEADING if heads_paragraphs(draft, at, running) else NONE
    span: dict[int, tuple[int, int]] = {}  # the first and last paragraph in an element
    for at in sorted(draft.roles):
        if running[at]:
            outer = page.elements[page.blocks[at].element].parent
            span[outer] = (span.get(outer, (at, at))[0], at)
    for element in (each for each in page.elements if each.tag in BETWEEN):
        first, last = span.get(element.parent, (0, -1))
        inside = slice(element.start, element.end)
        if (
            first < inside.start
            and inside.stop <= last
            and not draft.columns["links"][inside].any()
        ):
            found[inside] = np.maximum(found[inside], BETWEEN[element.tag])
    return found


def _in_article_box(draft: Draft, running: Mask, near: Mask, steps: Column) -> Mask:
    """Which blocks of `near` are in a box, `steps` up, that holds most of the article's text.

    A short article has a button of its own, and many sites name the article after their paywall.
    """
    page = draft.page
    kept = np.zeros(len(page.blocks))
    kept[list(draft.roles)] = 1
    before = np.concatenate(([0], (kept * running * draft.columns["good"]).cumsum()))
    found = np.zeros_like(near)
    for at in np.flatnonzero(near & running).tolist():
        box = page.elements[page.ancestors(page.blocks[at].element, int(steps[at]) + 1)[-1]]
        found[at] = before[box.end] - before[box.start] > MAX_STRIPPED_SHARE * before[-1]
    return found


def running_text(draft: Draft) -> Mask:
    """Which blocks stand in elements named like those that hold most of the kept text."""
    page = draft.page
    if page.is_text:
        return np.ones(len(page.blocks), np.bool_)
    kinds: dict[tuple[str, str, str, str], int] = {}
    group = []
    for block in page.blocks:
        own = page.elements[block.element]
        outer = page.elements[max(0, own.parent)]
        kind = own.tag, own.key, outer.tag, outer.key
        group.append(kinds.setdefault(kind, len(kinds)))
    kept = np.zeros(len(page.blocks))
    kept[list(draft.roles)] = 1
    held = np.bincount(group, kept * draft.columns["chars"])
    sentences = np.bincount(group, kept * draft.columns["ends_sentence"])
    most = held.max()
    is_text = most >= MIN_LARGEST_CHARS or sentences[held.argmax()] >= MIN_LARGEST_SENTENCES
    return np.asarray((held[group] > MIN_GROUP_SHARE * most) & is_text)


def strip_likely_prompts(draft: Draft, running: Mask) -> None:
    """Strip what the model scores as a prompt rather than as article text.

    Sentences of the running text without other evidence have a limit of their own, which depends
    less on the article score: many prompts of one sentence read like news.
    """
    limit, slope = PROMPT_THRESHOLDS[draft.page.is_text]
    likely = draft.prompt_score > limit + slope * draft.score
    prose, kept = prose_sizes(draft), np.zeros_like(likely)
    kept[list(draft.roles)] = True
    if not draft.page.is_text:
        limit, slope = PLAIN_SENTENCE_THRESHOLD
        is_sentence = (prose > 0) | (draft.columns["ends_sentence"] > 0)
        suspect = suspect_places(draft, running, between_paragraphs(draft, running))
        is_plain = is_sentence & (draft.columns["links"] == 0) & ~suspect
        likely = np.where(is_plain, draft.prompt_score > limit + slope * draft.score, likely)
        likely &= ~_clean_items(draft)
        # "Farmers block a motorway near Lyon.": short captions between paragraphs score as prompts.
        likely &= (draft.columns["in_figcaption"] == 0) | (draft.columns["links"] > 0)
        likely &= between_paragraphs(draft, running & ~likely) < HEADING
    # A page whose prose would mostly go is an article that the model misjudges as a whole.
    if prose[likely & kept].sum() > MAX_STRIPPED_SHARE * prose[kept].sum():
        likely &= prose == 0
    for at in np.flatnonzero(likely).tolist():
        draft.strip(at, "other", "model:prompt")


def strip_offers(draft: Draft) -> None:
    """Strip what follows a wall's heading in the article's own element: the offer, its price."""
    for at in sorted(draft.reasons) if not draft.page.is_text else ():
        kind, _ = draft.reasons[at]
        if kind in WALL_KINDS and is_by_text_rule(draft, at) and _is_heading(draft, at):
            for x in _offer_under(draft, at):
                draft.strip(x, kind, "dom:box")


def _offer_under(draft: Draft, at: int) -> list[int]:
    """The paragraph or two that alone follow a heading in its element, before the wall's button."""
    page, links = draft.page, draft.columns["links"]
    box = page.elements[max(0, page.elements[page.blocks[at].element].parent)]
    rest = range(at + 1, box.end)
    offer = [x for x in rest if x in draft.roles]
    has_button = any(x not in draft.roles and links[x] for x in rest)
    is_offer = len(offer) <= MAX_OFFER_PARAGRAPHS and has_button and links[at] == 0
    return offer if is_offer else []


def _clean_items(draft: Draft) -> Mask:
    """The items without links of lists that do not read like prompts as a whole."""
    columns, found = draft.columns, np.zeros(len(draft.page.blocks), np.bool_)
    for element in draft.page.elements:
        items, size = slice(element.start, element.end), element.end - element.start
        if element.tag not in ("ul", "ol") or not MIN_ITEMS <= size <= MAX_ITEMS:
            continue
        if draft.score[items].min() > NO_PROMPT_SCORE > np.median(draft.prompt_score[items]):
            found[items] |= columns["links"][items] == 0
    return found & (columns["control_up"] > MAX_STEPS_UP)


def heads_paragraphs(draft: Draft, at: int, running: Mask) -> bool:
    """Whether a heading stands between two kept paragraphs of the article, in their element."""
    page, around = draft.page, (at - 1, at + 1)
    if page.is_text or at + 1 >= len(page.blocks) or draft.columns["links"][at]:
        return False
    if not _is_heading(draft, at):
        return False
    outer = page.elements[page.blocks[at].element].parent
    return all(
        x in draft.roles and running[x] and page.elements[page.blocks[x].element].parent == outer
        for x in around
    )


def _is_heading(draft: Draft, at: int) -> bool:
    return not draft.page.is_text and bool(draft.columns["heading"][at] >= 2)
