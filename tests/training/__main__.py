"""Train the block models: `python -m tests.training CORPUS OUT`.

Needs scikit-learn and catboost, which the program itself does without. Writes OUT/model.json, to be
copied to tasks/prompts/, what `tests.training.page_model` writes, and OUT/fold-0.json to
OUT/fold-5.json: models trained without the owners of that fold, by which `tests.training.crossval`
extracts their pages. Judge by these, not by what the final model makes of its own pages.
"""

import json
import sys
from pathlib import Path

import numpy as np

from tasks.prompts.block_features import describe, relate
from tasks.prompts.block_model import Forest
from tasks.prompts.block_roles import find_headline
from tasks.prompts.draft import MIN_FIRST_SCORE, rescore_doubtful, score_prompts
from tasks.prompts.tree_arrays import Column, Columns
from tasks.prompts.word_weights import Lexicon
from tests.training import page_model
from tests.training.forests import dump_forest, read_trees
from tests.training.inserted_texts import inserted_examples, sample_examples
from tests.training.labels import FOLD_MODEL, FOLDS, Example, fold_of, read_examples
from tests.training.lexicons import learn_lexicon, own_rows, read_prompt_rows

_LEFT_OUT = """
blocks good_share c_main_share s_main_share is_label is_span is_dd is_section
in_dl in_label in_dialog words-2 words+2 ends_sentence-2 ends_sentence+2
prompt_words-2
"""
LEFT_OUT = frozenset(_LEFT_OUT.split())
"""Columns that say which page it is rather than which block, or that bring nothing."""
WORDY = ("article_words", "prompt_words", "plea", "target_words")
# Trees of the three forests: parsed pages, text.
SIZES = {False: (80, 300, 240), True: (100, 260, 260)}
RATES = (0.15, 0.06, 0.12)
LOOKS = (Forest.score, rescore_doubtful, score_prompts)
DEPTH = 6


def fit_forest(
    tables: list[Columns],
    targets: list[tuple[Column, Column]],
    names: tuple[str, ...],
    trees: int,
    rate: float,
) -> Forest:
    """Trees over the blocks of these pages; `targets` are what to find and how much it weighs.

    A quarter of the pages come twice, the second time as if in a language of unknown words.
    """
    from catboost import CatBoostClassifier, Pool  # type: ignore[import-not-found]

    twice = range(0, len(tables), 4)
    blank = [_without_words(tables[at]) for at in twice]
    rows = np.vstack([np.column_stack([t[n] for n in names]) for t in [*tables, *blank]])
    wanted = [target for target, _ in targets] + [targets[at][0] for at in twice]
    weight = [weight for _, weight in targets] + [targets[at][1] * 0.5 for at in twice]
    model = CatBoostClassifier(
        iterations=trees, depth=DEPTH, learning_rate=rate, loss_function="CrossEntropy",
        random_seed=1, thread_count=2, verbose=0, border_count=64, l2_leaf_reg=10,
        allow_writing_files=False, bootstrap_type="Bernoulli", subsample=0.6, rsm=0.35,
    )  # fmt: skip
    target = np.clip(np.concatenate(wanted), 0, 1)
    model.fit(Pool(rows, target, weight=np.concatenate(weight)))
    return read_trees(model, names, DEPTH)


def _without_words(table: Columns) -> Columns:
    blanks = {
        name: np.full_like(column, 1.0 if name.startswith("plea") else 0.0)
        for name, column in table.items()
        if name.startswith(WORDY)
    }
    return table | blanks


class Recipe:
    """The columns and forests of one kind of page.

    Each page is scored by forests and with a lexicon made without the page's owner.
    """

    def __init__(self, examples: list[Example], lexicons: list[Lexicon], is_text: bool) -> None:
        self.examples, self.is_text = examples, is_text
        described = [
            describe(e.page, find_headline(e.page, e.hints.headline), e.hints, lexicons[e.fold])
            for e in examples
        ]
        self.tables = [columns for columns, _ in described]
        self.around = [around for _, around in described]

    def train(self, stage: int) -> tuple[list[Forest], list[Column]]:
        """Forests without each fold and one on all pages; each page's scores without its fold."""
        forests = [self._fit(stage, number) for number in range(FOLDS)]
        scores = [
            LOOKS[stage](forests[example.fold], table)
            for example, table in zip(self.examples, self.tables, strict=True)
        ]
        return [*forests, self._fit(stage, None)], scores

    def _fit(self, stage: int, left_out: int | None) -> Forest:
        names = tuple(name for name in self.tables[0] if name not in LEFT_OUT)
        tables, targets = [], []
        for table, example in zip(self.tables, self.examples, strict=True):
            target = _target(example, stage)
            if example.fold != left_out and target:
                is_narrow = stage == 1 and not self.is_text
                seen = table["own_score"] > MIN_FIRST_SCORE if is_narrow else target[1] > 0
                tables.append({name: table[name][seen] for name in names})
                targets.append((target[0][seen], target[1][seen]))
        return fit_forest(tables, targets, names, SIZES[self.is_text][stage], RATES[stage])

    def run(self) -> tuple[list[tuple[Forest, ...]], list[Column], list[Column]]:
        """All stages of each model; the later ones know how the first scored what is around."""
        first, scores = self.train(0)
        for at, table in enumerate(self.tables):
            table |= relate(self.around[at], scores[at], table)
        second, scores = self.train(1)
        third, pleads = self.train(2)
        return list(zip(first, second, third, strict=True)), scores, pleads


def _target(example: Example, stage: int) -> tuple[Column, Column] | None:
    """What a stage looks for on a page, and how much each block weighs."""
    if stage == 2:
        return example.prompts, example.prompt_weight
    return None if example.is_inserted else (example.share, example.weight)


def _examples(corpus: Path, is_text: bool) -> list[Example]:
    gold, inserted = read_examples(corpus, is_text), inserted_examples(corpus, is_text)
    return [*gold, *inserted, *sample_examples(is_text)]


def main(corpus: Path, out: Path) -> None:
    """Train everything and write the model."""
    out.mkdir(parents=True, exist_ok=True)
    examples = _examples(corpus, is_text=False)
    prompt_rows = [*read_prompt_rows(corpus), *own_rows()]
    lexicons = [
        learn_lexicon(
            [e for e in examples if e.fold != number],
            [row for row in prompt_rows if fold_of(row[1]) != number],
        )
        for number in range(FOLDS)
    ]
    lexicons.append(learn_lexicon(examples, prompt_rows))
    parsed, scores, pleads = Recipe(examples, lexicons, is_text=False).run()
    rows = zip(examples, scores, pleads, strict=True)
    page_model.write_scores(out, {e.page_id: np.array(each) for e, *each in rows})
    saved, *_ = Recipe(_examples(corpus, is_text=True), lexicons, is_text=True).run()
    names = [*map(FOLD_MODEL.format, range(FOLDS)), "model.json"]
    for name, lexicon, of_trees, of_texts in zip(names, lexicons, parsed, saved, strict=True):
        write_model(out / name, [*of_trees, *of_texts], lexicon)
    page_model.main(corpus, out)


def write_model(path: Path, forests: list[Forest], lexicon: Lexicon) -> None:
    """Write a model as `tasks.prompts.block_model` reads it."""
    weights = {name: getattr(lexicon, name) for name in ("article", "prompt", "keys", "targets")}
    model = {"forests": [dump_forest(forest) for forest in forests], "lexicon": weights}
    text = json.dumps(model, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
