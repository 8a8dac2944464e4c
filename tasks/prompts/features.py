"""What a block looks like and where it stands, as one row of numbers a block."""

import re
from itertools import chain, repeat

import numpy as np

from tasks.prompts.blocks import Block, Page
from tasks.prompts.hints import Hints
from tasks.prompts.names import name_columns
from tasks.prompts.places import (
    Column,
    Columns,
    card_columns,
    container_columns,
    element_columns,
    headline_columns,
    kin_column,
    pleading,
    promotion_columns,
)
from tasks.prompts.rules import find_rule
from tasks.prompts.running import nearest_running, running_columns
from tasks.prompts.subject import Subjects, headline_share
from tasks.prompts.words import Lexicon, Said, grams, subject, tokens, word_count

SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»“)\]）」』]*(?:\s*\[\d+\])*$")
PLACEHOLDER = re.compile(
    r"\{\{.{,60}?\}\}|\$\{.{,60}?\}|%[A-Z_]{3,60}%|\[\[.{,60}?\]\]|<%.{,60}?%>"
)
DIGIT = re.compile(r"\d")
PRICE = re.compile(r"[$€£¥₹₩₽]\s?\d|\d\s?(?:[$€£¥₹₩₽]|(?:EUR|USD|GBP|CHF|kr|zł|TL)\b)")
ENDS = (".!?…。！？।؟", (". ", "! ", "? "))
MARKS = ("|»›→•©@#", "|@#")
QUOTES = ('"“”„«»「」', '"')
"""The first of each two for any text, the second for plain ASCII."""
LONGEST = 20_000
"""Characters of a text that are read."""
SHORT = 200
"""Characters of texts that come again: menus, footers, teasers."""
WIDTHS = {False: (4, 10), True: (4, 10, 25)}
"""Blocks before and after that are looked over: without markup, more of them."""
NOTHING = repeat(0.0)


def describe(page: Page, headline: int, hints: Hints, lexicon: Lexicon) -> tuple[Columns, Subjects]:
    """The columns that need no block's score, and the words that the blocks are about.

    `headline` is the index of its block, or -1.
    """
    said = [_said_of(block.text, lexicon) for block in page.blocks]
    columns = _texts(page.blocks, said)
    words = [each.subject for each in said]
    title = page.blocks[headline].text if headline >= 0 else hints.headline or ""
    wanted = subject(tokens(f"{title} {hints.description or ''}"))
    columns["headline_share"] = headline_share(words, wanted)
    columns |= _places(page, columns, headline, hints.description or "")
    columns |= _neighbours(columns, NEIGHBOURED)
    columns |= _windows(
        pleading(columns), np.ones_like(columns["chars"]), "plea", WIDTHS[page.is_text]
    )
    columns |= running_columns(columns)
    if page.is_text:
        columns |= _rule_columns(page, hints.language)
    else:
        columns |= element_columns(page, lexicon)
        columns |= container_columns(page, columns["good"], columns, "c")
        columns |= promotion_columns(page, columns)
        columns |= headline_columns(page, headline)
        columns |= card_columns(page, columns)
        columns |= name_columns(page, columns["chars"])
    return columns, Subjects(words)


def relate(page: Page, subjects: Subjects, score: Column, columns: Columns) -> Columns:
    """The columns that say how the first model scored what stands around a block."""
    weighed = score * columns["chars"]
    found = _neighbours({"score": score}, {"score": (-3, -2, -1, 1, 2, 3)})
    found |= {"own_score": score} | _windows(score, columns["chars"], "score", WIDTHS[page.is_text])
    found |= nearest_running(score, columns["good"] > 0, "run_score")
    found |= subjects.relate(score)
    if not page.is_text:
        found |= container_columns(page, weighed, columns, "s")
        found["kin"] = kin_column(page, weighed, columns["chars"])
    return found


NEIGHBOURED: dict[str, tuple[int, ...]] = {
    "words": (-2, -1, 1, 2),
    "link_share": (-2, -1, 1, 2),
    "ends_sentence": (-2, -1, 1, 2),
    "article_words": (-2, -1, 1, 2),
    "prompt_words": (-2, -1, 1, 2),
}


def _texts(blocks: list[Block], said: list[Said]) -> Columns:
    pairs = zip(blocks, said, strict=True)
    cells = chain.from_iterable(_row(block, each.numbers) for block, each in pairs)
    rows = np.fromiter(cells, np.float32, len(blocks) * len(TEXT_COLUMNS))
    table = np.ascontiguousarray(rows.reshape(-1, len(TEXT_COLUMNS)).T)
    columns = dict(zip(TEXT_COLUMNS, table, strict=True))
    is_good = (columns["ends_sentence"] > 0) & (columns["words"] >= 9)
    is_good &= columns["link_share"] < 0.5
    columns["good"] = np.where(is_good, columns["chars"], 0).astype(np.float32)
    return columns


TEXT_COLUMNS = [
    "chars",
    "link_share",
    "links",
    "bold_share",
    "words",
    "ends_sentence",
    "ends_colon",
    "sentences",
    "capitals",
    "starts_lower",
    "placeholder",
    "price",
    "marks",
    "quotes",
    "article_words",
    "prompt_words",
]


def _row(block: Block, numbers: tuple[float, ...]) -> tuple[float, ...]:
    size = len(block.text)
    return (
        size,
        min(1.0, block.link_chars / size),
        block.links,
        min(1.0, block.bold_chars / size),
        *numbers,
    )


def _said_of(text: str, lexicon: Lexicon) -> Said:
    said = lexicon.seen.get(text)
    if said is None:
        said = _said(text, lexicon)
        if len(text) <= SHORT:
            lexicon.remember(text, said)
    return said


def _said(text: str, lexicon: Lexicon) -> Said:
    """The columns that depend on the text alone, and what it is about."""
    size = len(text)
    ends_sentence = SENTENCE_END.search(text, max(0, size - 12)) is not None
    ends_colon = text[-1] in ":："
    text = text[:LONGEST]
    words, is_ascii = text.split(), text.isascii()
    letters = tokens(text)
    found = grams(letters)
    scale = 1 / (len(letters) + 2) ** 0.5
    first = words[:12]
    numbers = (
        float(len(words)) if is_ascii else word_count(text),
        ends_sentence,
        ends_colon,
        1 + sum(map(text.count, ENDS[is_ascii])),
        sum(word[0].isupper() for word in first) / len(first),
        text[0].islower(),
        PLACEHOLDER.search(text) is not None,
        DIGIT.search(text) is not None and PRICE.search(text) is not None,
        sum(map(text.count, MARKS[is_ascii])) / len(words),
        sum(map(text.count, QUOTES[is_ascii])) > 1,
        sum(map(lexicon.article.get, found, NOTHING)) * scale,
        sum(map(lexicon.prompt.get, found, NOTHING)) * scale,
    )
    return Said(numbers, subject(letters))


def _places(page: Page, columns: Columns, headline: int, description: str) -> Columns:
    count = len(page.blocks)
    order = np.arange(count, dtype=np.float32)
    chars, good = columns["chars"], columns["good"]
    seen: dict[str, int] = {}
    for block in page.blocks:
        seen[block.text] = seen.get(block.text, 0) + 1
    return {
        "order": order,
        "share_before": (order / max(1, count)).astype(np.float32),
        "to_end": count - order,
        "chars_before": _before(chars) / max(1.0, float(chars.sum())),
        "good_before": _before(good) / max(1.0, float(good.sum())),
        "good_before_chars": _before(good),
        "good_share": np.full(count, good.sum() / max(1.0, float(chars.sum())), np.float32),
        "blocks": np.full(count, count, np.float32),
        "copies": np.array([seen[block.text] for block in page.blocks], np.float32),
        "from_headline": order - headline if headline >= 0 else np.full(count, np.nan, np.float32),
        "is_description": np.array(
            [len(b.text) > 20 and b.text[:60] in description for b in page.blocks], np.float32
        ),
    }


def _rule_columns(page: Page, language: str | None) -> Columns:
    """Which lines a text rule speaks against, and how many around a line."""
    hits = [find_rule(block.text, language) is not None for block in page.blocks]
    rule = np.array(hits, np.float32)
    return {"rule": rule} | _windows(rule, np.ones_like(rule), "rule", WIDTHS[True])


def _before(values: Column) -> Column:
    return (np.cumsum(values) - values).astype(np.float32)


def _neighbours(columns: Columns, wanted: dict[str, tuple[int, ...]]) -> Columns:
    found = {}
    for name, shifts in wanted.items():
        for shift in shifts:
            found[f"{name}{shift:+d}"] = _shifted(columns[name], shift)
    return found


def _shifted(values: Column, shift: int) -> Column:
    moved = np.full_like(values, -1)
    if abs(shift) < len(values):
        if shift > 0:
            moved[:-shift] = values[shift:]
        else:
            moved[-shift:] = values[:shift]
    return moved


def _windows(score: Column, chars: Column, mark: str, widths: tuple[int, ...]) -> Columns:
    """The mean score, weighed by size, of the blocks before and after a block."""
    found = {}
    for width in widths:
        for name, side in (("before", 1), ("after", -1)):
            top = _window((score * chars)[::side], width)[::side]
            found[f"{mark}_{name}{width}"] = top / (_window(chars[::side], width)[::side] + 1)
    return found


def _window(values: Column, width: int) -> Column:
    total = np.concatenate([np.zeros(width + 1), np.cumsum(values, dtype=np.float64)])
    return np.asarray(total[width:-1] - total[: -width - 1], np.float32)
