"""Columns from the words that a block shares with the headline and with the other blocks."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from tasks.prompts.tree_arrays import Column, Columns, Index


def headline_share(words: Sequence[frozenset[str]], headline: frozenset[str]) -> Column:
    """The share of each block's topic words that headline and description contain."""
    if not headline:
        return np.full(len(words), np.nan, np.float32)
    return np.array([len(own & headline) / (len(own) + 1) for own in words], np.float32)


class PageTopic:
    """The topic words of a page's blocks as arrays of (block, word) pairs."""

    def __init__(self, words: Sequence[frozenset[str]]) -> None:
        said = list(chain.from_iterable(words))
        numbers = {word: number for number, word in enumerate(dict.fromkeys(said))}
        self.sizes = np.array([len(own) for own in words], np.intp)
        self.block: Index = np.repeat(np.arange(len(words)), self.sizes)
        self.word: Index = np.array([*map(numbers.__getitem__, said)], np.intp)

    def relate(self, score: Column) -> Columns:
        """The share of a block's words that occur in other blocks: in the article, and in the rest.

        `score` is how likely each block is article text.
        """
        own = score[self.block]
        inside, outside = self._others(own), self._others(1 - own)
        rather = (inside - outside) / (inside + outside + 0.5)
        return {
            "said_inside": self._mean(np.minimum(inside, 1)),
            "said_outside": self._mean(np.minimum(outside, 1)),
            "said_rather": self._mean(rather),
        }

    def _others(self, weights: Column) -> Column:
        """For each word of each block, the weight of the other blocks that contain it."""
        return np.bincount(self.word, weights, 1)[self.word] - weights

    def _mean(self, values: Column) -> Column:
        total = np.bincount(self.block, values, len(self.sizes))
        return (total / np.maximum(1, self.sizes)).astype(np.float32)
