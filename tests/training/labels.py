"""Training labels: which blocks of a gold page are its article, and which are prompts."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from selectolax.lexbor import LexborHTMLParser

from tasks.extract.metadata import read_metadata
from tasks.prompts.page import Page
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_lines, split_tree
from tasks.prompts.tree_arrays import Column
from tasks.prompts.word_weights import fold

WORD = re.compile(r"\w+")
SHINGLE = 4
FOLDS = 6
FOLD_MODEL = "fold-{}.json"
"""The file of the models that saw no page of a fold's owners."""
GOLD_WEIGHT = 0.3
"""Weight of a gold paragraph as none of a prompt, where nobody labelled the page."""
SHORTEST, LEAST = 150, 0.4
"""Characters of the shortest gold that is believed, and the share of it the page has to hold."""


@dataclass(slots=True)
class Example:
    """A labelled page."""

    page_id: str
    owner: str
    """Publisher, or the house that owns it: what cross-validation splits by."""
    is_news: bool
    page: Page
    hints: Hints
    share: Column
    """How much of each block's text is in the gold body, 0 to 1."""
    weight: Column
    prompts: Column
    """1 where a block was read as a prompt."""
    prompt_weight: Column
    """How certain that is; 0 where nobody looked."""
    is_inserted: bool = False
    """Whether own texts stand in the page: it trains the prompt forest alone."""

    @property
    def fold(self) -> int:
        """The cross-validation fold of its owner."""
        return fold_of(self.owner)


def fold_of(owner: str) -> int:
    """A fold that depends on the owner's name alone."""
    return int(hashlib.md5(owner.encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS


def read_examples(corpus: Path, is_text: bool) -> Iterator[Example]:
    """The pages of CORPUS/gold, with the prompt labels of CORPUS/pages where there are any.

    As text, a labelled page is the lines of its labelled blocks, any other those of its own.
    """
    owners = owners_of(corpus)
    for gold in read_rows(corpus / "gold/index.jsonl.gz"):
        labels = None
        if gold["id"] in owners:
            labels = json.loads(_unpacked(corpus / f"pages/{gold['id']}.json.gz"))
        tree = LexborHTMLParser(read_html(corpus, gold["id"]))
        page = split_tree(tree)
        if is_text:
            page = split_lines(
                [row["text"] for row in labels["blocks"]]
                if labels
                else [block.text for block in page.blocks]
            )
        yield label(page, tree, gold, labels, owners.get(gold["id"]))


def owners_of(corpus: Path) -> dict[str, str]:
    """The owners of the labelled pages by page id."""
    rows = json.loads((corpus / "pages/index.json").read_text())
    return {row["id"]: row["owner"] for row in rows}


def read_html(corpus: Path, page_id: str) -> bytes:
    """A gold page's HTML."""
    return _unpacked(corpus / f"gold/{page_id}.html.gz")


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a packed file of JSON lines."""
    for line in _unpacked(path).splitlines():
        yield json.loads(line)


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def label(
    page: Page,
    tree: LexborHTMLParser,
    gold: dict[str, Any],
    labels: dict[str, Any] | None,
    owner: str | None,
) -> Example:
    """One page with the share of each block that is in the gold body."""
    body = "\n".join(gold["body"])
    share, count = _shares(page, body)
    weight, is_sound = np.sqrt(np.maximum(count, 0.01)), _is_sound(page, share, len(body))
    if labels:
        prompts, prompt_weight = _apply_labels(page, labels, share, weight)
    else:
        prompts = np.zeros_like(share)
        prompt_weight = np.where(share >= 0.5, GOLD_WEIGHT * is_sound, 0).astype(np.float32)
    weight *= (40 / (float(weight[share >= 0.5].sum()) + 20)) ** 0.5
    return Example(
        gold["id"],
        owner or gold["publisher"],
        gold["news"],
        page,
        hints_of(tree, gold, page.is_text),
        share.astype(np.float32),
        (weight * is_sound * (1.6 if gold["news"] else 1.0)).astype(np.float32),
        prompts,
        prompt_weight,
    )


def _shares(page: Page, gold: str) -> tuple[Column, Column]:
    """Share of a block's shingles that are gold, and its number of words.

    A short block counts only amid long gold ones.
    """
    words = WORD.findall(gold)
    sets = [{tuple(words[at : at + n]) for at in range(len(words) - n + 1)} for n in range(5)]
    texts = [WORD.findall(block.text) for block in page.blocks]
    share = np.array([_overlap(text, sets) for text in texts], np.float32)
    count = np.array([len(text) for text in texts], np.float32)
    long = np.flatnonzero((share > 0.7) & (count >= 12))
    if len(long):
        order = np.arange(len(texts))
        outside = (order < long[0] - 2) | (order > long[-1] + 3)
        share[outside & ((count < SHINGLE) | ((count < 6) & (share < 1)))] = 0
    return share, count


def _is_sound(page: Page, share: Column, size: int) -> bool:
    """Whether the gold is the page's article: some is of another page, or of a teaser."""
    held = sum(len(b.text) * part for b, part in zip(page.blocks, share, strict=True))
    return bool(size >= SHORTEST and held >= LEAST * size)


def _overlap(words: list[str], sets: list[set[tuple[str, ...]]]) -> float:
    size = min(SHINGLE, len(words))
    if not size:
        return 0.0
    found = [tuple(words[at : at + size]) in sets[size] for at in range(len(words) - size + 1)]
    return sum(found) / len(found)


def _apply_labels(
    page: Page, labels: dict[str, Any], share: Column, weight: Column
) -> tuple[Column, Column]:
    """Let the labels read by eye overrule the gold, and weigh more; which blocks are prompts."""
    must = fold("\n".join(row["text"] for row in labels["must"]))
    article = {fold(row["text"]) for row in labels["blocks"] if row["label"] == "article"}
    refused = {fold(row["text"]) for row in labels["must_not"] if not row["prompt_in_gold"]}
    prompts, certainty = np.zeros_like(share), np.full_like(share, 0.3)
    for at, block in enumerate(page.blocks):
        text = fold(block.text)
        if text and text in refused:
            share[at], weight[at] = 0, max(weight[at], 3) * 5
            prompts[at], certainty[at] = 1, 3
        elif len(text) > 12 and text in article and text in must:
            share[at], weight[at] = 1, max(weight[at], 3) * 1.3
            certainty[at] = 2 * min(weight[at], 6) / 3
    return prompts, certainty


def hints_of(tree: LexborHTMLParser, gold: dict[str, Any], is_text: bool) -> Hints:
    """What is known of a page, as `tasks.extract` knows it; as text no more than its language."""
    if is_text:
        return Hints(language=gold["lang"])
    meta = read_metadata(tree, gold["url"])
    language = meta.language or gold["lang"]
    return Hints(meta.headline, meta.description, meta.authors, language, body=meta.body)
