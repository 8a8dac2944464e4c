"""List what is done worst: `python -m tests.training.worst OUT`, where OUT is what training wrote.

Prints set, id and score of thirty gold news pages (F1 with the standfirst counted or not, pages of
wrong gold left out), and of fifty each of listings and articles (the probability of being an
article) and of texts in the half `dev` of the lookalikes (prompt score: of a prompt, its line that
scores lowest). Pages are scored by models trained without their owner, which takes two minutes and
catboost; lookalikes by the shipped model. `inspected.tsv` says what was found in them.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from selectolax.lexbor import LexborHTMLParser

from tasks.extract.metadata import read_metadata
from tasks.prompts.block_model import load_model
from tasks.prompts.block_roles import find_headline
from tasks.prompts.draft import score_blocks
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_tree
from tasks.prompts.word_weights import fold
from tests.support.lookalikes import Case, cases, judge, page_html
from tests.support.scoring import CORPUS, WRONG_GOLD, gold_index, score_gold
from tests.training.crossval import extract_unseen
from tests.training.page_model import SPLITS, cross_validate, read_samples

PAGES, TEXTS = 30, 50
Row = tuple[float, str, float]
"""How wrong it is, its id, its score."""


def gold_pages(out: Path) -> Iterator[Row]:
    """The gold news pages."""
    records = dict(extract_unseen(out))
    figures = score_gold(lambda page_id: records[f"gold/{page_id}"])
    for page_id, page in figures.items():
        if gold_index()[page_id]["news"] and page_id not in WRONG_GOLD:
            yield 1 - page["neutral"], page_id, page["neutral"]


def listings(out: Path) -> Iterator[Row]:
    """The pages that are no article, and all gold pages: the mean of the splits."""
    samples = list(read_samples(CORPUS, out))
    scores = np.mean([cross_validate(samples, n)["all"] for n in range(SPLITS)], axis=0)
    for sample, score in zip(samples, scores.tolist(), strict=True):
        if not sample.is_extra:
            yield 1 - score if sample.is_article else score, sample.page_id, score


def lookalikes() -> Iterator[Row]:
    """Sentences and prompts of the half `dev`; what is lost or left is the worst."""
    numbers = Counter[str]()
    for case in cases("dev"):
        name = f"{case.language}-{'prompt' if case.is_prompt else 'sentence'}"
        numbers[name] += 1
        score = lowest_prompt_score(case)
        wrong = (1 - score if case.is_prompt else score) + (not judge(case).is_right)
        yield wrong, f"{name}-{numbers[name]}", score


def lowest_prompt_score(case: Case) -> float:
    """The prompt score of the case's line that has the lowest."""
    tree = LexborHTMLParser(page_html(case))
    meta, page = read_metadata(tree, ""), split_tree(tree)
    hints = Hints(meta.headline, meta.description, meta.authors, case.language)
    draft = score_blocks(page, find_headline(page, hints.headline), hints, load_model())
    lines = {fold(line) for line in case.lines}
    own = [at for at, block in enumerate(page.blocks) if fold(block.text) in lines]
    return float(draft.prompt_score[own].min(initial=1))


def main(out: Path) -> None:
    """Print all sets, the worst of each first."""
    for name, rows, count in (
        ("gold", gold_pages(out), PAGES),
        ("lookalikes", lookalikes(), TEXTS),
        ("listings", listings(out), TEXTS),
    ):
        for _, text_id, score in sorted(rows, reverse=True)[:count]:
            print(f"{name}\t{text_id}\t{score:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
