"""Weights with which groups of sources, such as countries, weigh alike, whatever their size.

    balanced share = mean over groups of (articles with the topic / articles of the group)
    epu, gap_robust: a period's values weigh 1 / values of their group in that period
    log_linear: a period's articles and hits are divided by its group's articles in that period

A group without articles in a period is not in that period's mean: the balanced share and epu move
when a whole group drops out, as pooled_share and epu do when a source does.
"""

from typing import NamedTuple

import numpy as np

from warehouse.stats.daily_counts import Marks, Matrix, Numbers, Whole
from warehouse.stats.periods import Periods, quotient


class Share(NamedTuple):
    """The balanced share of topics, by topic and period; NaN without articles."""

    values: Matrix
    groups: Numbers  # by period: those with articles
    # By period: Kish's effective size, in articles of a single source.
    effective_articles: Matrix
    variance: Matrix  # beyond chance, relative to the square of the share


def cell_weights(observed: Marks, groups: Numbers | None) -> Matrix:
    """Weights of cells, with sources and periods as the last two axes; 0 for unobserved cells.

    1 each; or with groups 1 / cells of the group in that period, so that each group weighs 1.
    """
    cells = observed.astype(float)
    if groups is None:
        return cells
    is_member = _members(groups)
    weights: Matrix = cells / np.maximum(is_member.T @ (is_member @ cells), 1)
    return weights


def article_weights(articles: Matrix, groups: Numbers) -> Matrix:
    """Weights of articles by source and period, with which all groups have the same total.

    The total over all groups is unchanged, so that a hit still counts as about one.
    """
    is_member = _members(groups)
    of_groups = is_member @ articles
    usual = articles.sum() / max(np.count_nonzero(of_groups), 1)
    weights: Matrix = is_member.T @ np.nan_to_num(quotient(np.array(usual), of_groups))
    return weights


def balanced_share(periods: Periods, hits: Whole, variation: Matrix, groups: Numbers) -> Share:
    """The mean of the groups' shares; arguments as of `attention_index.indexes`."""
    is_member = _members(groups)
    articles = is_member @ periods.total
    count = np.count_nonzero(articles, axis=0)
    divisors = np.where(articles > 0, articles, np.inf)
    values = quotient((is_member @ hits / divisors).sum(axis=1), np.array(count))
    excess = hits.astype(float) ** 2 * variation[..., None] * periods.unevenness
    of_mean = (is_member @ excess / divisors**2).sum(axis=1)
    return Share(
        values,
        count,
        quotient(count**2, (1 / divisors).sum(axis=0)),
        quotient(of_mean, count**2 * values**2),
    )


def _members(groups: Numbers) -> Matrix:
    """1 for the sources of each group, by group and source."""
    members: Matrix = (groups == np.unique(groups)[:, None]).astype(float)
    return members
