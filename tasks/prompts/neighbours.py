"""Columns from the nearest running text, skipping labels and advertisements in between."""

import numpy as np

from tasks.prompts.tree_arrays import Column, Columns, Index, Mask
from tasks.prompts.tree_position import pleading

WIDTHS = (3, 8)  # Numbers of blocks of running text on each side
FAR = 30  # Cap on the number of steps to the next running text


class Neighbours:
    """Where the running text around each block stands.

    Args:
        is_good: which blocks are running text.
    """

    def __init__(self, is_good: Mask) -> None:
        self.is_good = is_good
        self.sides = {"before": _last(is_good), "after": _last(is_good[::-1])}

    def nearest(self, values: Column, mark: str) -> Columns:
        """The mean over the nearest blocks of running text before and after; -1 for none."""
        found, good = {}, values[self.is_good].astype(np.float64)
        for side, last in self.sides.items():
            step = 1 if side == "before" else -1
            total = np.concatenate([[0.0], good[::step].cumsum()])
            upto = total[last]
            for width in WIDTHS:
                first = np.maximum(0, last - width)
                mean = (upto - total[first]) / np.maximum(1, last - first)
                column = np.where(last > 0, mean, -1).astype(np.float32)
                found[f"{mark}_{side}{width}"] = column[::step]
        return found

    def columns(self, columns: Columns) -> Columns:
        """Steps to the nearest running text before and after, and what the words there say."""
        found = {"since_good": _steps(self.is_good), "until_good": _steps(self.is_good[::-1])[::-1]}
        found |= self.nearest(columns["article_words"], "run_words")
        return found | self.nearest(pleading(columns), "run_plea")


def _last(is_good: Mask) -> Index:
    """How much running text stands before each block."""
    return np.asarray(is_good.cumsum() - is_good)


def _steps(is_good: Mask) -> Column:
    order = np.arange(len(is_good))
    last = np.maximum.accumulate(np.where(is_good, order, -FAR))
    before = np.concatenate([[-FAR], last])[:-1]
    return np.asarray(np.minimum(order - before, FAR), np.float32)
