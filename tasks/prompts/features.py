"""What a block looks like and where it stands, as one row of numbers a block."""

import re
from itertools import repeat

import numpy as np

from tasks.prompts.blocks import Block, Page
from tasks.prompts.places import (
    Column,
    Columns,
    container_columns,
    element_columns,
    headline_columns,
    pleading,
    promotion_columns,
)
from tasks.prompts.words import Lexicon, grams, tokens, word_count

SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»“)\]）」』]*(?:\s*\[\d+\])*$")
INNER_END = re.compile(r"[.!?…。！？।؟][\"'”’»“)\]」』]*(?=\s|[^\W\d_])")
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\$\{.*?\}|%[A-Z_]{3,}%|\[\[.*?\]\]|<%.*?%>")
PRICE = re.compile(r"[$€£¥₹₩₽]\s?\d|\d\s?(?:[$€£¥₹₩₽]|(?:EUR|USD|GBP|CHF|kr|zł|TL)\b)")
NOTHING = repeat(0.0)


def describe(page: Page, headline: int, description: str, lexicon: Lexicon) -> Columns:
    """The columns that need no other block's score; `headline` is its index, or -1."""
    columns = _texts(page.blocks, lexicon)
    columns |= _places(page, columns, headline, description)
    columns |= _neighbours(columns, NEIGHBOURED)
    columns |= _windows(pleading(columns), np.ones_like(columns["chars"]), "plea")
    if not page.is_text:
        columns |= element_columns(page, lexicon)
        columns |= container_columns(page, columns["good"], columns, "c")
        columns |= promotion_columns(page, columns)
        columns |= headline_columns(page, headline)
    return columns


def relate(page: Page, score: Column, columns: Columns) -> Columns:
    """The columns that say how the first model scored what stands around a block."""
    weighed = score * columns["chars"]
    found = _neighbours({"score": score}, {"score": (-3, -2, -1, 1, 2, 3)})
    found |= {"own_score": score} | _windows(score, columns["chars"], "score")
    if not page.is_text:
        found |= container_columns(page, weighed, columns, "s")
    return found


NEIGHBOURED: dict[str, tuple[int, ...]] = {
    "words": (-2, -1, 1, 2),
    "link_share": (-2, -1, 1, 2),
    "ends_sentence": (-2, -1, 1, 2),
    "article_words": (-2, -1, 1, 2),
    "prompt_words": (-2, -1, 1, 2),
}


def _texts(blocks: list[Block], lexicon: Lexicon) -> Columns:
    rows = np.array([_text(block, lexicon) for block in blocks], np.float32).reshape(
        -1, len(TEXT_COLUMNS)
    )
    columns = dict(zip(TEXT_COLUMNS, rows.T, strict=True))
    is_good = (columns["ends_sentence"] > 0) & (columns["words"] >= 9)
    is_good &= columns["link_share"] < 0.5
    columns["good"] = np.where(is_good, columns["chars"], 0).astype(np.float32)
    return columns


TEXT_COLUMNS = [
    "chars",
    "words",
    "link_share",
    "links",
    "bold_share",
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


def _text(block: Block, lexicon: Lexicon) -> tuple[float, ...]:
    text = block.text
    words = text.split(None, 40)
    size = len(text)
    letters = tokens(text)
    found = grams(letters)
    scale = 1 / (len(letters) + 2) ** 0.5
    article, prompt = lexicon.article.get, lexicon.prompt.get
    return (
        size,
        word_count(text),
        min(1.0, block.link_chars / size),
        block.links,
        min(1.0, block.bold_chars / size),
        SENTENCE_END.search(text, max(0, size - 12)) is not None,
        text[-1] in ":：",
        len(INNER_END.findall(text)),
        sum(word[0].isupper() for word in words) / len(words),
        text[0].islower(),
        PLACEHOLDER.search(text) is not None,
        PRICE.search(text) is not None,
        sum(map(text.count, "|»›→•©@#")) / len(words),
        sum(map(text.count, '"“”„«»「」')) > 1,
        sum(map(article, found, NOTHING)) * scale,
        sum(map(prompt, found, NOTHING)) * scale,
    )


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


def _windows(score: Column, chars: Column, mark: str) -> Columns:
    """The mean score, weighed by size, of the blocks before and after a block."""
    found = {}
    for width in (4, 10):
        for name, side in (("before", 1), ("after", -1)):
            top = _window((score * chars)[::side], width)[::side]
            found[f"{mark}_{name}{width}"] = top / (_window(chars[::side], width)[::side] + 1)
    return found


def _window(values: Column, width: int) -> Column:
    total = np.concatenate([np.zeros(width + 1), np.cumsum(values, dtype=np.float64)])
    return np.asarray(total[width:-1] - total[: -width - 1], np.float32)
