"""The model's input columns: one array per feature, one value per block."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from tasks.prompts.page import Block, Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.surroundings import Neighbours, PageTopic, headline_share
from tasks.prompts.text_rules import find_rule
from tasks.prompts.text_statistics import sign_columns
from tasks.prompts.tree_arrays import Column, Columns, TreeArrays
from tasks.prompts.tree_position import (
    card_columns,
    container_columns,
    control_columns,
    element_columns,
    headline_columns,
    kin_column,
    name_columns,
    pleading,
    promotion_columns,
)
from tasks.prompts.word_weights import Lexicon, TextScores, tokens, topic_words

# Window sizes in blocks on each side, by `is_text`: without markup, more context is needed.
WINDOW_SIZES = {False: (4, 10), True: (4, 10, 25)}


@dataclass(frozen=True, slots=True)
class PageStructure:
    """Structures of a page that `relate` needs again after the first model has scored it."""

    tree: TreeArrays
    neighbours: Neighbours
    topic: PageTopic


def describe(
    page: Page, headline: int, hints: Hints, lexicon: Lexicon
) -> tuple[Columns, PageStructure]:
    """The columns that need no score, and what `relate` needs; -1 is no headline."""
    scores = [lexicon.score_text(block.text) for block in page.blocks]
    columns = _text_columns(page.blocks, scores, lexicon)
    words = [each.topic_words for each in scores]
    title = page.blocks[headline].text if headline >= 0 else hints.headline or ""
    wanted = topic_words(tokens(f"{title} {hints.description or ''}"))
    columns["headline_share"] = headline_share(words, wanted)
    columns |= _position_columns(page, columns, headline, hints.description or "")
    shifted = ("words", "link_share", "ends_sentence", "article_words", "prompt_words")
    for name in (*shifted, "target_words"):
        columns |= _neighbours(columns[name], name, 2)
    one = np.ones_like(columns["chars"])
    columns |= _windows(pleading(columns), one, "plea", WINDOW_SIZES[page.is_text])
    tree, neighbours = TreeArrays(page), Neighbours(columns["good"] > 0)
    columns |= neighbours.columns(columns)
    if page.is_text:
        rules = [find_rule(block.text, hints.language) for block in page.blocks]
        columns["rule"] = np.array([rule is not None for rule in rules], np.float32)
        columns |= _windows(columns["rule"], one, "rule", WINDOW_SIZES[True])
    else:
        columns |= element_columns(tree, lexicon)
        columns |= container_columns(tree, columns["good"], columns, "c")
        columns |= promotion_columns(tree, columns)
        columns |= headline_columns(tree, headline)
        columns |= card_columns(tree, columns)
        columns |= name_columns(tree, columns["chars"])
        columns |= control_columns(tree, columns["chars"])
    return columns, PageStructure(tree, neighbours, PageTopic(words))


def relate(around: PageStructure, score: Column, columns: Columns) -> Columns:
    """The columns that describe how the first model scored the surroundings of each block."""
    tree, is_text = around.tree, around.tree.page.is_text
    weighed = score * columns["chars"]
    found = {"own_score": score} | _neighbours(score, "score", 3)
    found |= _windows(score, columns["chars"], "score", WINDOW_SIZES[is_text])
    found |= around.neighbours.nearest(score, "run_score")
    found |= around.topic.relate(score)
    if not is_text:
        found |= container_columns(tree, weighed, columns, "s")
        found["kin"] = kin_column(tree, weighed, columns["chars"])
    return found


def _text_columns(blocks: list[Block], scores: list[TextScores], lexicon: Lexicon) -> Columns:
    chars = np.array([len(block.text) for block in blocks], np.float64)
    links = np.array([(b.link_chars, b.links, b.bold_chars) for b in blocks], np.float64).T
    columns = {
        "chars": chars,
        "link_share": np.minimum(1, links[0] / chars),
        "links": links[1],
        "bold_share": np.minimum(1, links[2] / chars),
        **sign_columns([block.text for block in blocks]),
        "article_words": np.array([each.article for each in scores]),
        "prompt_words": np.array([each.prompt for each in scores]),
        "target_words": np.array(
            [max(map(lexicon.score_target, block.targets), default=0.0) for block in blocks]
        ),
    }
    found = {name: column.astype(np.float32) for name, column in columns.items()}
    is_good = (found["ends_sentence"] > 0) & (found["words"] >= 9) & (found["link_share"] < 0.5)
    found["good"] = np.where(is_good, found["chars"], 0).astype(np.float32)
    return found


def _position_columns(page: Page, columns: Columns, headline: int, description: str) -> Columns:
    count = len(page.blocks)
    order = np.arange(count, dtype=np.float32)
    chars, good = columns["chars"], columns["good"]
    seen = Counter(block.text for block in page.blocks)
    return {
        "order": order,
        "share_before": (order / max(1, count)).astype(np.float32),
        "to_end": count - order,
        "chars_before": _sums_before(chars) / max(1.0, float(chars.sum())),
        "good_before": _sums_before(good) / max(1.0, float(good.sum())),
        "good_before_chars": _sums_before(good),
        "good_share": np.full(count, good.sum() / max(1.0, float(chars.sum())), np.float32),
        "blocks": np.full(count, count, np.float32),
        "copies": np.array([seen[block.text] for block in page.blocks], np.float32),
        "from_headline": order - headline if headline >= 0 else np.full(count, np.nan, np.float32),
        "is_description": np.array(
            [len(b.text) > 20 and b.text[:60] in description for b in page.blocks], np.float32
        ),
    }


def _sums_before(values: Column) -> Column:
    return (np.cumsum(values) - values).astype(np.float32)


def _neighbours(values: Column, name: str, most: int) -> Columns:
    """The values of the neighbours on each side, up to `most` blocks away; -1 beyond the page."""
    found = {}
    for shift in range(1, most + 1):
        before, after = np.full_like(values, -1), np.full_like(values, -1)
        before[shift:] = values[:-shift]
        after[:-shift] = values[shift:]
        found[f"{name}-{shift}"], found[f"{name}+{shift}"] = before, after
    return found


def _windows(score: Column, chars: Column, prefix: str, widths: tuple[int, ...]) -> Columns:
    """The mean score, weighted by size, of the blocks before and after each block."""
    found, both = {}, np.array([score * chars, chars])
    for name, side in (("before", 1), ("after", -1)):
        total = np.zeros((2, len(chars) + 1))
        both[:, ::side].cumsum(axis=1, dtype=np.float64, out=total[:, 1:])
        for width in widths:
            first = np.maximum(0, np.arange(len(chars)) - width)
            top, bottom = (total[:, :-1] - total[:, first]).astype(np.float32)
            found[f"{prefix}_{name}{width}"] = (top / (bottom + 1))[::side]
    return found
