"""Sums a panel of sources and days to days, weeks or months."""

from typing import NamedTuple

import numpy as np

from warehouse.stats.daily_counts import Marks, Matrix, Numbers, Panel, Whole

# Fewest periods for a standard deviation, by kind of period, in the order of the index's rows.
ENOUGH = {"day": 28, "month": 6, "week": 8}


class Periods(NamedTuple):
    """The periods of one kind that are in any source's calendar, and the articles in them."""

    kind: str
    starts: Numbers  # first days, counted from 1970-01-01
    columns: Numbers  # index of each period's first day among the panel's known days
    articles: Matrix  # all sources' articles by period; NaN where none was collected
    total: Matrix  # articles by source and period; 0 where there are none
    # Sum of the squares of the days' articles, over the square of `total`: the factor by which the
    # variation of single days is reduced in the period.
    unevenness: Matrix
    has_articles: Marks  # by source and period
    counts: Numbers  # periods in which a source has articles
    # By period: the share collected of what was published, where that can be estimated.
    completeness: Matrix


def periods_of(panel: Panel, kind: str) -> Periods:
    """The periods of a panel."""
    days, total = panel.days[panel.known], panel.total[:, panel.known]
    starts = days
    if kind == "week":
        starts = days - (days + 3) % 7  # 1970 began on a Thursday
    elif kind == "month":
        starts = days.astype("M8[D]").astype("M8[M]").astype("M8[D]").astype(np.int64)
    columns = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    collected = np.logical_or.reduceat(~np.isnan(total).all(axis=0), columns)
    sums = np.add.reduceat(np.nan_to_num(total), columns, axis=1)
    squares = np.add.reduceat(np.nan_to_num(total) ** 2, columns, axis=1)
    unevenness = squares / np.where(sums > 0, sums**2, np.inf)
    articles = np.where(collected, sums.sum(axis=0), np.nan)
    has_articles = sums > 0
    counts = np.count_nonzero(has_articles, axis=1)
    published = panel.published[:, panel.known]
    of_published = np.where(np.isnan(published), 0, np.nan_to_num(panel.collected[:, panel.known]))
    of_all = np.add.reduceat(np.nan_to_num(published).sum(axis=0), columns)
    completeness = quotient(np.add.reduceat(of_published.sum(axis=0), columns), of_all)
    is_estimated = np.logical_or.reduceat(~np.isnan(published).all(axis=0), columns)
    completeness[is_estimated & (of_all == 0)] = 1  # nothing was published
    return Periods(
        *(kind, starts[columns], columns, articles, sums, unevenness),
        *(has_articles, counts, completeness),
    )


def sums_of(periods: Periods, by_day: Whole) -> Whole:
    """Sums over the days of each period, the last axis of counts of a panel's known days."""
    if len(periods.columns) == by_day.shape[-1]:
        return by_day
    sums: Whole = np.add.reduceat(by_day, periods.columns, axis=-1)
    return sums


def quotient(above: Matrix, below: Matrix) -> Matrix:
    """The quotient; NaN where the divisor is not positive."""
    return above / np.where(below > 0, below, np.nan)
