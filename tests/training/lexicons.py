"""Learn the words of articles and prompts, and the names of elements, from labelled blocks."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np

from tasks.prompts.word_weights import KEY_PART, STEM_LETTERS, Lexicon, fold, target_parts, tokens
from tests.training.inserted_texts import own_texts
from tests.training.labels import Example, read_rows

Row = tuple[str, str, bool, float]
"""Text, owner, whether it is what is looked for, weight."""
ARTICLE_WORDS, PROMPT_WORDS, TARGET_WORDS = 8000, 22_000, 800
OWN_WEIGHT = 2.0  # Of a line written for training: most are in languages that the corpus hardly has


def word_weights(
    rows: Iterable[Row], strength: float, most: int, *, with_stems: bool
) -> dict[str, float]:
    """Log-odds of words, pairs of words and stems that at least three owners use."""
    kept = list(rows)
    words = [tokens(text) for text, *_ in kept]
    found = [sorted({*grams(row), *(stems(row) if with_stems else ())}) for row in words]
    return _log_odds(kept, found, [len(row) for row in words], strength, most)


def prompt_weights(rows: Iterable[Row]) -> dict[str, float]:
    """Log-odds of words, pairs and stems: of standing in a prompt."""
    return word_weights(rows, 2.0, PROMPT_WORDS, with_stems=True)


def target_weights(examples: list[Example], most: int) -> dict[str, float]:
    """Log-odds of parts of link addresses: of standing in a prompt."""
    rows: dict[tuple[str, str, bool], Row] = {}
    for example in examples:
        # Each text put into a page is written by someone else, so to speak.
        owner = example.page_id if example.is_inserted else example.owner
        for at in np.flatnonzero(example.prompt_weight).tolist():
            is_prompt = bool(example.prompts[at])
            for address in example.page.blocks[at].targets:
                row = (address, owner, is_prompt, float(min(3, example.prompt_weight[at])))
                rows.setdefault((address, owner, is_prompt), row)
    kept = list(rows.values())
    found = [sorted(target_parts(address)) for address, *_ in kept]
    return _log_odds(kept, found, [len(row) for row in found], 1.0, most)


def _log_odds(
    kept: list[Row], found: list[list[str]], sizes: list[int], strength: float, most: int
) -> dict[str, float]:
    """The weights of a logistic regression over the parts found in each row."""
    from scipy import sparse  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-not-found]

    owners = defaultdict(set)
    for (_, owner, *_rest), row in zip(kept, found, strict=True):
        for gram in row:
            owners[gram].add(owner)
    names = sorted(gram for gram, users in owners.items() if len(users) >= 3)
    number = {gram: at for at, gram in enumerate(names)}
    cells = [(at, number[g]) for at, row in enumerate(found) for g in row if g in number]
    values = [1 / (sizes[at] + 2) ** 0.5 for at, _ in cells]
    places = tuple(np.array(cells).T)
    matrix = sparse.csr_matrix((values, places), shape=(len(kept), len(names)))
    model = LogisticRegression(C=strength, solver="liblinear", max_iter=200)
    model.fit(matrix, [row[2] for row in kept], sample_weight=[row[3] for row in kept])
    weights = model.coef_[0]
    best = sorted(np.argsort(-abs(weights), kind="stable")[:most])
    return {names[at]: round(float(weights[at]), 2) for at in best if abs(weights[at]) >= 0.05}


def key_weights(examples: list[Example]) -> dict[str, float]:
    """Log-odds of class-name parts: the mean over owners of the share of article text inside."""
    inside: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    for example in examples:
        _count_keys(example, inside)
    shares = {part: [gold / size for gold, size in by.values()] for part, by in inside.items()}
    mean, prior = 0.45, 4
    odds = {
        part: round(_logit((sum(s) + prior * mean) / (len(s) + prior)) - _logit(mean), 2)
        for part, s in sorted(shares.items())
        if len(s) >= 4
    }
    return {part: value for part, value in odds.items() if abs(value) > 0.2}


def _count_keys(example: Example, inside: dict[str, dict[str, list[float]]]) -> None:
    size = np.minimum([len(block.text) for block in example.page.blocks], 200)
    total = np.concatenate([[0], np.cumsum(size)])
    gold = np.concatenate([[0], np.cumsum(size * example.share)])
    for element in example.page.elements:
        held = total[element.end] - total[element.start]
        for part in key_parts(element.key) if held else ():
            inside[part][example.owner][0] += gold[element.end] - gold[element.start]
            inside[part][example.owner][1] += held


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def learn_lexicon(examples: list[Example], prompt_rows: list[Row]) -> Lexicon:
    """The words of articles and of prompts, the class names and the words of link addresses."""
    rows: dict[tuple[str, str], Row] = {}
    gold = [example for example in examples if not example.is_inserted]
    for example in gold:
        for block, share, weight in zip(
            example.page.blocks, example.share, example.weight, strict=True
        ):
            if len(block.text) <= 600:
                row = (block.text, example.owner, bool(share >= 0.5), float(min(weight, 5)))
                rows.setdefault((example.page_id, block.text), row)
    return Lexicon(
        word_weights(rows.values(), 1.0, ARTICLE_WORDS, with_stems=False),
        prompt_weights(prompt_rows),
        key_weights(gold),
        target_weights(examples, TARGET_WORDS),
    )


def own_rows() -> list[Row]:
    """The lines written for training: as much weight for news as for prompts in each language.

    Otherwise each word of a language that the corpus hardly has would be one of prompts.
    """
    rows: list[Row] = []
    for texts in own_texts().values():
        asked = sum(len(text.lines) for text in texts if text.is_prompt)
        said = sum(not text.is_prompt for text in texts)
        for text in texts:
            weight = OWN_WEIGHT * (1.0 if text.is_prompt else asked / said)
            rows += ((line, text.owner, text.is_prompt, weight) for line in text.lines)
    return rows


def read_prompt_rows(corpus: Path) -> list[Row]:
    """The labelled blocks, each text once a publisher."""
    rows: dict[tuple[str, str], Row] = {}
    for block in read_rows(corpus / "blocks.jsonl.gz"):
        owner = block["owner"] or block["publisher"]
        row = (block["text"], owner, block["label"] == "prompt", 1.0)
        rows.setdefault((block["publisher"], fold(block["text"])), row)
    return list(rows.values())


def grams(words: list[str]) -> list[str]:
    """Words, pairs of neighbouring words, and the first word marked as such."""
    if not words:
        return []
    return [*words, *map(" ".join, pairwise(words)), "^" + words[0]]


def stems(words: list[str]) -> list[str]:
    """What longer words begin with."""
    return [word[:STEM_LETTERS] + "*" for word in words if len(word) > STEM_LETTERS]


def key_parts(key: str) -> tuple[str, ...]:
    """The parts of class names and ids, and the pairs within one name."""
    found: set[str] = set()
    for name in key.split():
        parts = KEY_PART.findall(name)
        found.update(parts)
        found.update(map("-".join, pairwise(parts)))
    return tuple(sorted(found))
