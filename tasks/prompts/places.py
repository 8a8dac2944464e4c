"""Where a block stands in the tree: its element, the containers around it, the headline."""

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from tasks.prompts.blocks import BODY_FLAG, DIALOG_FLAG, HIDDEN_FLAG, TAG_FLAGS, Page
from tasks.prompts.words import Lexicon

Column = npt.NDArray[np.float32]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Columns = dict[str, Column]

LEVELS = 5
TAGS = ("p", "li", "div", "span", "td", "blockquote", "button", "label", "dd", "pre", "section")
CODES = {tag: at for at, tag in enumerate(TAGS, 1)} | {f"h{n}": -n for n in range(1, 7)}
"""Numbers of tags; those of headings are below zero."""
CARDS = 3
"""Sister elements of one name from which on they are a list of cards."""


def pleading(columns: Columns) -> Column:
    """How much a block's words plead, from 0 to 2."""
    return np.clip(columns["prompt_words"] + 1, 0, 2)


def element_columns(page: Page, lexicon: Lexicon) -> Columns:
    """What a block's element is, stands in and is called."""
    own = np.array([block.element for block in page.blocks], np.intp)
    flags = np.array([e.flags for e in page.elements], np.int64)[own]
    codes = np.array([CODES.get(e.tag, 0) for e in page.elements], np.int64)[own]
    found = {f"in_{tag}": (flags & bit > 0) for tag, bit in TAG_FLAGS.items()}
    found["in_body"], found["hidden"] = flags & BODY_FLAG > 0, flags & HIDDEN_FLAG > 0
    found["in_dialog"] = flags & DIALOG_FLAG > 0
    found |= {f"is_{tag}": codes == CODES[tag] for tag in TAGS}
    columns = {name: value.astype(np.float32) for name, value in found.items()}
    columns["heading"] = np.where(codes < 0, -codes, 0).astype(np.float32)
    columns["depth"] = np.array([e.depth for e in page.elements], np.float32)[own]
    inner = [lexicon.name_score(b.inline_key) if b.inline_key else 0.0 for b in page.blocks]
    columns["inline_key"] = np.array(inner, np.float32)
    keys = [lexicon.name_score(e.key) if e.key else 0.0 for e in page.elements]
    return columns | _key_columns(page, own, keys)


def _key_columns(page: Page, own: Index, keys: list[float]) -> Columns:
    """The class-name scores from the block's element outward, and over all it stands in."""
    low, high, total = keys.copy(), keys.copy(), keys.copy()
    for at, element in enumerate(page.elements):
        outer = element.parent
        if outer >= 0:
            if low[outer] < low[at]:
                low[at] = low[outer]
            if high[outer] > high[at]:
                high[at] = high[outer]
            total[at] += 0.8 * total[outer]
    names = ("key_low", "key_high", "key_total")
    columns = {
        name: np.array(values, np.float32)[own]
        for name, values in zip(names, (low, high, total), strict=True)
    }
    scores, parents = np.array(keys, np.float32), _parents(page)
    for level in range(4):
        columns[f"key{level}"] = scores[own]
        own = parents[own]
    return columns


def _parents(page: Page) -> Index:
    return np.array([max(0, e.parent) for e in page.elements], np.intp)


def container_columns(page: Page, good: Column, columns: Columns, mark: str) -> Columns:
    """How much good text the elements around a block hold, and how far it is from most of it."""
    start, end = ranges(page)
    chars = columns["chars"]
    held = held_in(good, start, end)
    found = _main_distance(page, held, float(good.sum()), mark)
    found |= _alike(page, good, chars, mark)
    size = held_in(chars, start, end)
    parents, at = _parents(page), np.array([block.element for block in page.blocks], np.intp)
    for level in range(LEVELS):
        rest = size[at] - chars
        found[f"{mark}_share{level}"] = np.where(rest > 0, (held[at] - good) / (rest + 1), -1)
        found[f"{mark}_held{level}"] = held[at] / (good.sum() + 1)
        if mark == "c":
            found[f"size{level}"] = size[at]
            found[f"count{level}"] = (end - start)[at].astype(np.float32)
            found[f"links{level}"] = held_in(columns["links"], start, end)[at] / (size[at] + 1)
        at = parents[at]
    return {name: value.astype(np.float32) for name, value in found.items()}


def held_in(values: Column, start: Index, end: Index) -> Column:
    """The sum over the blocks of each element."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(total[end] - total[start], np.float32)


def ranges(page: Page) -> tuple[Index, Index]:
    """Where each element's blocks start and end."""
    start = np.array([e.start for e in page.elements], np.intp)
    return start, np.array([e.end for e in page.elements], np.intp)


def headline_columns(page: Page, headline: int) -> Columns:
    """Steps up and down between a block and the headline, and the first headings after it."""
    count = len(page.blocks)
    tags = [page.elements[block.element].tag for block in page.blocks]
    firsts = np.cumsum([tag == "h1" for tag in tags]).astype(np.float32)
    if headline < 0:
        blank = np.full(count, np.nan, np.float32)
        return {"h_up": blank, "h_down": blank, "h1_since": firsts, "like_headline": blank}
    up, down = _steps(page, page.blocks[headline].element)
    at = page.elements[page.blocks[headline].element]
    like = [
        page.elements[b.element].tag == at.tag and page.elements[b.element].key == at.key
        for b in page.blocks
    ]
    since = np.cumsum(like).astype(np.float32)
    return {
        "h_up": up,
        "h_down": down,
        "h1_since": firsts - firsts[headline],
        "like_headline": since - since[headline],
    }


def _main_distance(page: Page, held: Column, total: float, mark: str) -> Columns:
    """How far a block is from the innermost element with half of the good text."""
    main = int(np.flatnonzero(held >= total / 2)[-1]) if total > 0 else 0
    up, down = _steps(page, main)
    order = np.arange(len(page.blocks), dtype=np.float32)
    element = page.elements[main]
    return {
        f"{mark}_up": up,
        f"{mark}_down": down,
        f"{mark}_from_start": order - element.start,
        f"{mark}_to_end": element.end - order,
        f"{mark}_main_share": np.full(len(order), held[main] / (total + 1), np.float32),
    }


def _steps(page: Page, main: int) -> tuple[Column, Column]:
    """Steps up and down through the tree from each block to an element."""
    count = len(page.blocks)
    depth = np.array([page.elements[b.element].depth for b in page.blocks], np.float32)
    shared, down = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for at in reversed(page.ancestors(main)):
        element = page.elements[at]
        shared[element.start : element.end] = element.depth
        down[element.start : element.end] = page.elements[main].depth - element.depth
    return depth - shared, down


def _alike(page: Page, good: Column, chars: Column, mark: str) -> Columns:
    """How many blocks stand in elements of the same names, and how much good text they hold."""
    kinds: dict[tuple[str, str, str], int] = {}
    rows = []
    for block in page.blocks:
        element = page.elements[block.element]
        outer = page.elements[max(0, element.parent)]
        kind = (element.tag, element.key, outer.key or outer.tag)
        rows.append(kinds.setdefault(kind, len(kinds)))
    group = np.array(rows, np.intp)
    count = np.bincount(group)[group]
    rest = np.bincount(group, chars)[group] - chars
    share = (np.bincount(group, good)[group] - good) / (rest + 1)
    return {f"{mark}_alike": count, f"{mark}_alike_share": np.where(count > 1, share, -1)}


def promotion_columns(page: Page, columns: Columns) -> Columns:
    """How much the words in the elements around a block plead."""
    start, end = ranges(page)
    plea = held_in(pleading(columns), start, end) / np.maximum(1, end - start)
    parents, at = _parents(page), np.array([block.element for block in page.blocks], np.intp)
    found = {}
    for level in range(4):
        found[f"plea{level}"] = plea[at].astype(np.float32)
        at = parents[at]
    return found


def card_columns(page: Page, columns: Columns) -> Columns:
    """Of the nearest list of cards around a block: their number, size, links and good text."""
    lists, nearest = _card_lists(page), np.full(len(page.elements), -1, np.intp)
    for number, cards in enumerate(lists):
        nearest[cards] = number
    for at, element in enumerate(page.elements):
        if nearest[at] < 0 and element.parent >= 0:
            nearest[at] = nearest[element.parent]
    rows = np.array([*_card_rows(page, columns, lists), [-1.0] * 5], np.float32)
    own = nearest[[block.element for block in page.blocks]]
    names = ("cards", "card_chars", "cards_linked", "card_good", "card_blocks")
    return dict(zip(names, np.ascontiguousarray(rows[own].T), strict=True))


def _card_lists(page: Page) -> list[list[int]]:
    """Sister elements of one name that hold any text; paragraphs are no cards."""
    sisters: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for at, element in enumerate(page.elements):
        if element.end > element.start and element.tag != "p":
            sisters[element.parent, element.tag, element.key].append(at)
    return [cards for cards in sisters.values() if len(cards) >= CARDS]


def _card_rows(page: Page, columns: Columns, lists: list[list[int]]) -> list[list[float]]:
    start, end = ranges(page)
    size, links, good = (held_in(columns[name], start, end) for name in ("chars", "links", "good"))
    blocks = end - start
    return [
        [
            len(cards),
            size[cards].mean(),
            np.count_nonzero(links[cards]) / len(cards),
            good[cards].sum() / size[cards].sum(),
            blocks[cards].mean(),
        ]
        for cards in lists
    ]


def kin_column(page: Page, weighed: Column, chars: Column) -> Column:
    """The score of the blocks in sister elements of the same name, weighed by size; -1 for none."""
    kinds: dict[tuple[int, str, str], int] = {}
    rows = []
    for block in page.blocks:
        element = page.elements[block.element]
        rows.append(kinds.setdefault((element.parent, element.tag, element.key), len(kinds)))
    group = np.array(rows, np.intp)
    rest = np.bincount(group, chars)[group] - chars
    score = (np.bincount(group, weighed)[group] - weighed) / (rest + 1)
    return np.where(rest > 0, score, -1).astype(np.float32)
