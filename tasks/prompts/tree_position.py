"""Columns from a block's position: its element, its containers, its distance to the headline."""

import re
from functools import lru_cache
from itertools import accumulate, chain

import numpy as np

from tasks.prompts.page import BODY_FLAG, DIALOG_FLAG, HIDDEN_FLAG, TAG_FLAGS
from tasks.prompts.tree_arrays import LEVELS, Column, Columns, TreeArrays
from tasks.prompts.word_weights import MAX_CACHE_ENTRIES, Lexicon

TAGS = ("p", "li", "div", "span", "td", "blockquote", "button", "label", "dd", "pre", "section")
# Numbers of tags; those of headings are below zero.
CODES = {tag: at for at, tag in enumerate(TAGS, 1)} | {f"h{n}": -n for n in range(1, 7)}
REGIONS = {f"in_{tag}": bit for tag, bit in TAG_FLAGS.items()} | {
    "in_body": BODY_FLAG,
    "hidden": HIDDEN_FLAG,
    "in_dialog": DIALOG_FLAG,
}
KINDS = {f"is_{tag}": CODES[tag] for tag in TAGS}
BITS = np.array([*REGIONS.values()], np.int64)[:, None]
NUMBERS = np.array([*KINDS.values()], np.int64)[:, None]
MIN_CARDS = 3  # Siblings of the same tag and class that are a list of cards (teasers)
# Names of promotion, and of a page's furniture.
PROMO = re.compile(
    r"subscri|newsletter|pay-?wall|reg-?wall|promo|donat|membership|sign-?up|sign-?in|log-?in|"
    r"regist|offer|meter|\babo|cta\b|marketing|sponsor|advert|\bads?\b|outbrain|taboola|plea\b|"
    r"piano|upsell|support-?us|contribut|call-?to|banner|app-?download|download-?app"
)
FURNITURE = re.compile(
    r"related|recirc|teaser|sidebar|rail\b|footer|menu|\bnav|share|sharing|social|comment|author|"
    r"\bbio|\btags?\b|breadcrumb|most-?read|popular|trending|recommend|more-?from|read-?more|"
    r"read-?next|widget|cookie|consent|gdpr|disclaimer|copyright|legal|about-?us|topics?\b"
)
NAME_PATTERNS = {"promo_up": PROMO, "frame_up": FURNITURE}
# Characters of the largest element whose name is trusted: many sites call the whole article
# `paywall` or `premium`.
MAX_NAMED_CHARS = 1500
MAX_STEPS = 9  # Larger numbers of steps up count as this


def pleading(columns: Columns) -> Column:
    """How much a block is worded like a prompt, from 0 to 2."""
    return np.clip(columns["prompt_words"] + 1, 0, 2)


def element_columns(tree: TreeArrays, lexicon: Lexicon) -> Columns:
    """Tag, enclosing regions and class-name scores of a block's element."""
    elements, blocks, own = tree.page.elements, tree.page.blocks, tree.own
    flags = np.array([e.flags for e in elements], np.int64)[own]
    codes = np.array([CODES.get(e.tag, 0) for e in elements], np.int64)[own]
    columns = dict(zip(REGIONS, (flags & BITS > 0).astype(np.float32), strict=True))
    columns |= zip(KINDS, (codes == NUMBERS).astype(np.float32), strict=True)
    columns["heading"] = np.where(codes < 0, -codes, 0).astype(np.float32)
    columns["depth"] = tree.depth
    columns["inline_key"] = np.array(lexicon.name_scores(b.inline_key for b in blocks), np.float32)
    # The class-name scores from the block's element outward, and over all it stands in.
    keys = lexicon.name_scores(e.key for e in elements)
    low, high, total = keys.copy(), keys.copy(), keys.copy()
    for at, outer in enumerate(tree.parents):
        if outer >= 0:
            if low[outer] < low[at]:
                low[at] = low[outer]
            if high[outer] > high[at]:
                high[at] = high[outer]
            total[at] += 0.8 * total[outer]
    scores = np.array([low, high, total, keys], np.float32)
    columns |= zip(("key_low", "key_high", "key_total"), scores[:3, tree.own], strict=True)
    around = scores[3][tree.levels[:4]]
    return columns | {f"key{level}": row for level, row in enumerate(around)}


def container_columns(tree: TreeArrays, good: Column, columns: Columns, prefix: str) -> Columns:
    """How much good text a block's containers hold, and its distance to the main container."""
    chars, total = columns["chars"], good.sum()
    held, size, links = tree.element_sums(np.array([good, chars, columns["links"]]))
    # How many blocks stand in elements of the same names, and how much good text they hold.
    group = tree.name_groups
    count = np.bincount(group)[group].astype(np.float32)
    others = np.bincount(group, chars)[group] - chars
    share = (np.bincount(group, good)[group] - good) / (others + 1)
    found = {
        f"{prefix}_alike": count,
        f"{prefix}_alike_share": np.where(count > 1, share, -1).astype(np.float32),
    }
    # How far a block is from the innermost element with half of the good text.
    main = int(np.flatnonzero(held >= float(total) / 2)[-1]) if total > 0 else 0
    element = tree.page.elements[main]
    found[f"{prefix}_up"], found[f"{prefix}_down"] = tree.steps(main)
    order = np.arange(len(tree.own), dtype=np.float32)
    found[f"{prefix}_from_start"] = order - element.start
    found[f"{prefix}_to_end"] = element.end - order
    main_share = held[main] / (float(total) + 1)
    found[f"{prefix}_main_share"] = np.full(len(order), main_share, np.float32)
    around, sizes = held[tree.levels], size[tree.levels]
    rest = sizes - chars
    rows = {
        f"{prefix}_share": np.where(rest > 0, (around - good) / (rest + 1), -1),
        f"{prefix}_held": around / (total + 1),
    }
    if prefix == "c":
        rows["size"] = sizes
        rows["count"] = (tree.end - tree.start).astype(np.float32)[tree.levels]
        rows["links"] = links[tree.levels] / (sizes + 1)
    names = [f"{name}{level}" for name in rows for level in range(LEVELS)]
    return found | dict(zip(names, chain.from_iterable(rows.values()), strict=True))


def headline_columns(tree: TreeArrays, headline: int) -> Columns:
    """Steps up and down between a block and the headline, and the first headings after it."""
    page, count = tree.page, len(tree.own)
    is_first = np.array([element.tag == "h1" for element in page.elements])[tree.own]
    firsts = is_first.cumsum().astype(np.float32)
    if headline < 0:
        blank = np.full(count, np.nan, np.float32)
        return {"h_up": blank, "h_down": blank, "h1_since": firsts, "like_headline": blank}
    title = page.blocks[headline].element
    up, down = tree.steps(title)
    tag, key = page.elements[title].tag, page.elements[title].key
    like = np.array([e.tag == tag and e.key == key for e in page.elements])[tree.own]
    since = like.cumsum().astype(np.float32)
    return {
        "h_up": up,
        "h_down": down,
        "h1_since": firsts - firsts[headline],
        "like_headline": since - since[headline],
    }


def promotion_columns(tree: TreeArrays, columns: Columns) -> Columns:
    """How much the text in a block's containers is worded like prompts."""
    plea = tree.element_sums(pleading(columns)) / np.maximum(1, tree.end - tree.start)
    around = plea.astype(np.float32)[tree.levels[:4]]
    return {f"plea{level}": row for level, row in enumerate(around)}


def card_columns(tree: TreeArrays, columns: Columns) -> Columns:
    """Of the nearest list of cards around a block: their number, size, links and good text."""
    sisters: dict[int, list[int]] = {}
    for at, (sister, element) in enumerate(
        zip(tree.sibling_groups, tree.page.elements, strict=True)
    ):
        # Elements that hold any text; paragraphs are no cards.
        if element.end > element.start and element.tag != "p":
            sisters.setdefault(sister, []).append(at)
    lists = [cards for cards in sisters.values() if len(cards) >= MIN_CARDS]
    nearest = [-1] * len(tree.parents)
    for number, cards in enumerate(lists):
        for card in cards:
            nearest[card] = number
    for at, outer in enumerate(tree.parents):
        if nearest[at] < 0 and outer >= 0:
            nearest[at] = nearest[outer]
    # The five columns for each list of cards, and -1 for no list at the end.
    rows = np.full((5, len(lists) + 1), -1, np.float32)
    if lists:
        members = np.fromiter(chain.from_iterable(lists), np.intp)
        count = np.array([len(each) for each in lists])
        first = np.array([0, *accumulate(count[:-1].tolist())])
        values = np.array([columns["chars"], columns["links"], columns["good"]])
        held = tree.element_sums(values)[:, members]
        blocks = (tree.end - tree.start)[members]
        parts = np.array([held[0], held[1] != 0, held[2], blocks])
        size, linked, good, blocks = np.add.reduceat(parts, first, axis=1, dtype=np.float64)
        rows[:, :-1] = count, size / count, linked / count, good / size, blocks / count
    names = ("cards", "card_chars", "cards_linked", "card_good", "card_blocks")
    return dict(zip(names, rows[:, np.array(nearest, np.intp)[tree.own]], strict=True))


def kin_column(tree: TreeArrays, weighed: Column, chars: Column) -> Column:
    """The score of the blocks in sister elements of the same name, weighed by size; -1 for none."""
    group = np.array(tree.sibling_groups, np.intp)[tree.own]
    rest = np.bincount(group, chars)[group] - chars
    score = (np.bincount(group, weighed)[group] - weighed) / (rest + 1)
    return np.where(rest > 0, score, -1).astype(np.float32)


def control_columns(tree: TreeArrays, chars: Column) -> Columns:
    """Steps up to the nearest element with a button or an input field, and its size."""
    held, controls = tree.element_sums(chars), tree.page.controls
    nearest = list(range(len(tree.parents)))
    for at, outer in enumerate(tree.parents):
        if at not in controls:
            nearest[at] = nearest[outer] if outer >= 0 else -1
    around = np.array(nearest, np.intp)[tree.own]
    depths = np.array([element.depth for element in tree.page.elements], np.float32)
    is_none = around < 0
    steps = np.where(is_none, MAX_STEPS, np.minimum(MAX_STEPS, tree.depth - depths[around]))
    size = np.where(is_none, -1, held[around])
    return {"control_up": steps.astype(np.float32), "control_chars": size.astype(np.float32)}


def name_columns(tree: TreeArrays, chars: Column) -> Columns:
    """Steps up to the nearest small element that is named for promotion, or for the frame."""
    small = np.flatnonzero(tree.element_sums(chars) <= MAX_NAMED_CHARS).tolist()
    elements = tree.page.elements
    nearest = np.full((len(NAME_PATTERNS), len(chars)), -np.inf, np.float32)
    for element in map(elements.__getitem__, small):
        for row in _matching_names(element.key) if element.key else ():
            nearest[row, element.start : element.end] = element.depth
    return dict(zip(NAME_PATTERNS, np.minimum(MAX_STEPS, tree.depth - nearest), strict=True))


@lru_cache(maxsize=MAX_CACHE_ENTRIES)
def _matching_names(key: str) -> tuple[int, ...]:
    """The rows of `NAME_PATTERNS` whose pattern an element's name matches."""
    return tuple(row for row, pattern in enumerate(NAME_PATTERNS.values()) if pattern.search(key))
