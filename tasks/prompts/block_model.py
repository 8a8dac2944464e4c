"""The trained models in model.json: forests of oblivious trees (one split per depth).

Evaluated here in numpy: the library that trains them would add 100 MB to every installation.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.prompts.tree_arrays import Column, Columns, Index, Mask
from tasks.prompts.word_weights import Lexicon

BATCH_ROWS = 2000  # Scored at a time, so that memory does not grow with the page
MODEL = Path(__file__).with_name("model.json")


@dataclass(frozen=True)
class Forest:
    """Trees of equal depth, at most 8. Bit d of a leaf's number is the answer at depth d.

    Tree t compares column `feature[t, d]` with `border[t, d]`: the answer is 1 where it is greater.
    """

    columns: tuple[str, ...]
    feature: npt.NDArray[np.intp]
    border: npt.NDArray[np.float32]
    leaves: npt.NDArray[np.float32]
    bias: float

    @cached_property
    def questions(self) -> tuple[Index, Column, list[Index]]:
        """Column and border of each distinct split, and for each depth the split of each tree."""
        trees = zip(self.feature.ravel().tolist(), self.border.ravel().tolist(), strict=True)
        numbers: dict[tuple[int, float], int] = {}
        asked = [numbers.setdefault(question, len(numbers)) for question in trees]
        columns, borders = zip(*numbers, strict=True)
        by_depth = np.array(asked, np.intp).reshape(self.feature.shape).T
        return np.array(columns), np.array(borders, np.float32)[:, None], [*by_depth.copy()]

    def score(self, columns: Columns, where: Mask | None = None) -> Column:
        """A probability for each row, or for the rows of a mask."""
        rows = np.concatenate([columns[name] for name in self.columns])
        rows = rows.reshape(len(self.columns), -1)
        if where is not None:
            rows = rows[:, where]
        if not rows.shape[1]:
            return np.zeros(0, np.float32)
        asked, borders, by_depth = self.questions
        scores = []
        for at in range(0, rows.shape[1], BATCH_ROWS):
            part = rows[:, at : at + BATCH_ROWS]
            answers = (part.take(asked, axis=0) > borders).view(np.uint8)
            leaf = answers.take(by_depth[-1], axis=0)
            # The leaf's number is built bit by bit, for all rows and trees at once.
            for questions in by_depth[-2::-1]:
                leaf += leaf
                leaf |= answers.take(questions, axis=0)
            roots = np.arange(len(leaf), dtype=np.int32)[:, None] << len(by_depth)
            total = self.leaves.ravel().take(leaf + roots).sum(axis=0, dtype=np.float64) + self.bias
            scores.append(np.asarray(1 / (1 + np.exp(-total)), np.float32))
        return np.concatenate(scores)


def read_forest(data: Mapping[str, Any]) -> Forest:
    """A forest as `tests.training` stores it: leaves in thousandths, to keep the file small."""
    leaves = np.array(data["leaves"]).reshape(len(data["feature"]), -1) / 1000
    return Forest(
        tuple(data["columns"]),
        np.array(data["feature"], np.intp),
        np.array(data["border"], np.float32),
        leaves.astype(np.float32),
        data["bias"],
    )


@dataclass(frozen=True, slots=True)
class Model:
    """The forests for parsed pages, those for pages saved as text, and the lexicon.

    Three each: article text by the block itself; article text knowing how the first forest scored
    the surroundings; prompt.
    """

    tree: tuple[Forest, Forest, Forest]
    text: tuple[Forest, Forest, Forest]
    lexicon: Lexicon


def load_model() -> Model:
    """The shipped model."""
    return read_model(MODEL)


@cache
def read_model(path: Path) -> Model:
    """A model, read once per process."""
    data = json.loads(path.read_text(encoding="utf-8"))
    a, b, c, d, e, f = map(read_forest, data["forests"])
    return Model((a, b, c), (d, e, f), Lexicon(**data["lexicon"]))
