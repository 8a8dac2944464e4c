"""The running text around a block: labels and advertisements in between are passed over."""

import numpy as np

from tasks.prompts.places import Column, Columns, Index, Mask, pleading

WIDTHS = (3, 8)
"""Blocks of running text before and after that are looked over."""
FAR = 30
"""Steps to the next running text are counted up to that."""


def running_columns(columns: Columns) -> Columns:
    """Steps to the nearest running text before and after, and what the words there say."""
    is_good = columns["good"] > 0
    found = {"since_good": _steps(is_good), "until_good": _steps(is_good[::-1])[::-1]}
    found |= nearest_running(columns["article_words"], is_good, "run_words")
    return found | nearest_running(pleading(columns), is_good, "run_plea")


def nearest_running(values: Column, is_good: Mask, mark: str) -> Columns:
    """The mean over the nearest blocks of running text before and after; -1 for none."""
    found = {}
    for width in WIDTHS:
        found[f"{mark}_before{width}"] = _mean_before(values, is_good, width)
        found[f"{mark}_after{width}"] = _mean_before(values[::-1], is_good[::-1], width)[::-1]
    return found


def _mean_before(values: Column, is_good: Mask, width: int) -> Column:
    total = np.concatenate([[0.0], np.cumsum(values[is_good], dtype=np.float64)])
    last: Index = np.cumsum(is_good) - is_good
    first = np.maximum(0, last - width)
    mean = (total[last] - total[first]) / np.maximum(1, last - first)
    return np.where(last > 0, mean, -1).astype(np.float32)


def _steps(is_good: Mask) -> Column:
    order = np.arange(len(is_good))
    last = np.maximum.accumulate(np.where(is_good, order, -FAR))
    before = np.concatenate([[-FAR], last])[:-1]
    return np.asarray(np.minimum(order - before, FAR), np.float32)
