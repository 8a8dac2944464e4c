"""Columns from the other blocks of a page: the nearest running text, and the words shared."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from tasks.prompts.tree_arrays import Column, Columns, Index, Mask
from tasks.prompts.tree_position import pleading

WINDOW_SIZES = (3, 8)  # blocks of running text on each side
MAX_STEPS = 30  # Larger numbers of steps to the next running text count as this


class Neighbours:
    """Where the running text around each block stands; labels and advertisements are skipped."""

    def __init__(self, is_good: Mask) -> None:
        self.is_good = is_good
        # Number of blocks of running text before each block, and after it.
        self.sides = {
            "before": np.asarray(is_good.cumsum() - is_good),
            "after": np.asarray(is_good[::-1].cumsum() - is_good[::-1]),
        }

    def nearest(self, values: Column, prefix: str) -> Columns:
        """The mean over the nearest blocks of running text before and after; -1 for none."""
        found, good = {}, values[self.is_good].astype(np.float64)
        for side, last in self.sides.items():
            step = 1 if side == "before" else -1
            total = np.concatenate([[0.0], good[::step].cumsum()])
            upto = total[last]
            for width in WINDOW_SIZES:
                first = np.maximum(0, last - width)
                mean = (upto - total[first]) / np.maximum(1, last - first)
                column = np.where(last > 0, mean, -1).astype(np.float32)
                found[f"{prefix}_{side}{width}"] = column[::step]
        return found

    def columns(self, columns: Columns) -> Columns:
        """Steps to the nearest running text before and after, and how its words score."""
        found = {"since_good": _steps(self.is_good), "until_good": _steps(self.is_good[::-1])[::-1]}
        found |= self.nearest(columns["article_words"], "run_words")
        return found | self.nearest(pleading(columns), "run_plea")


def _steps(is_good: Mask) -> Column:
    order = np.arange(len(is_good))
    last = np.maximum.accumulate(np.where(is_good, order, -MAX_STEPS))
    before = np.concatenate([[-MAX_STEPS], last])[:-1]
    return np.asarray(np.minimum(order - before, MAX_STEPS), np.float32)


def headline_share(words: Sequence[frozenset[str]], headline: frozenset[str]) -> Column:
    """The share of each block's topic words that headline and description contain."""
    if not headline:
        return np.full(len(words), np.nan, np.float32)
    return np.array([len(own & headline) / (len(own) + 1) for own in words], np.float32)


class PageTopic:
    """The topic words of a page's blocks as arrays of (block, word) pairs."""

    def __init__(self, words: Sequence[frozenset[str]]) -> None:
        every = list(chain.from_iterable(words))
        numbers = {word: number for number, word in enumerate(dict.fromkeys(every))}
        self.sizes = np.array([len(own) for own in words], np.intp)
        self.block: Index = np.repeat(np.arange(len(words)), self.sizes)
        self.word: Index = np.array([*map(numbers.__getitem__, every)], np.intp)

    def relate(self, score: Column) -> Columns:
        """The share of a block's words that occur in other blocks: in the article, and in the rest.

        `score` is how likely each block is article text.
        """
        own = score[self.block]
        inside, outside = self._weight_elsewhere(own), self._weight_elsewhere(1 - own)
        rather = (inside - outside) / (inside + outside + 0.5)
        return {
            "said_inside": self._mean(np.minimum(inside, 1)),
            "said_outside": self._mean(np.minimum(outside, 1)),
            "said_rather": self._mean(rather),
        }

    def _weight_elsewhere(self, weights: Column) -> Column:
        """For each word of each block, the weight of the other blocks that contain it."""
        return np.bincount(self.word, weights, 1)[self.word] - weights

    def _mean(self, values: Column) -> Column:
        total = np.bincount(self.block, values, len(self.sizes))
        return (total / np.maximum(1, self.sizes)).astype(np.float32)
