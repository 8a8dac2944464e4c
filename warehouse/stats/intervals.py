"""The uncertainty of a share."""

import math
from collections.abc import Mapping
from typing import Any

Z = 1.959964  # of a normal distribution: 95 % are within
# Coefficients of 1 / freedom, its square and its cube in the same quantile of Student's t.
T_TERMS = (
    (Z**3 + Z) / 4,
    (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
    (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
)
# Least factor of the square of the share in the equation below: if the share is of few days that
# vary much, the variance is so large that the equation has no upper solution.
MIN_SCALE = 0.25


def share_interval(
    hits: float, articles: float, variance: float = 0.0
) -> tuple[float, float] | None:
    """The 95 % interval of the share hits / articles; None without articles.

    The interval contains the shares p from which the observed share is at most Z standard
    deviations away, with a variance of p (1 - p) / articles + variance * p^2. Without the second
    term it is Wilson's (1927): unlike the textbook interval it holds for few articles and for no
    hit, and stays between 0 and 1 (Brown, Cai and DasGupta, Statistical Science 16, 2001).

    Args:
        hits: Articles with the topic.
        articles: All articles.
        variance: Variance of the share beyond chance, relative to its square, as share_variance in
            topic_weekly; not used without hits.
    """
    if not articles:
        return None
    share, weight = hits / articles, Z * Z / articles
    middle = share + weight / 2
    scale = max(1 + weight - (Z * Z * variance if hits else 0), MIN_SCALE)
    half = math.sqrt(max(0.0, middle * middle - scale * share * share))
    # Clipped, so that the ends are exact despite rounding.
    low = min(share, max(0.0, (middle - half) / scale))
    return low, max(share, min(1.0, (middle + half) / scale))


def interval(row: Mapping[str, Any]) -> dict[str, Any]:
    """`low` and `high` of a row with `hits` and `articles`; None without articles.

    `excess`, if a row has it, is the variance of `hits` beyond chance, as in queries/series.sql; it
    is summed over sources and periods, like hits.
    """
    hits, articles = row["hits"] or 0, row["articles"] or 0
    variance = (row.get("excess") or 0.0) / hits**2 if hits else 0.0
    low, high = share_interval(hits, articles, variance) or (None, None)
    return {"low": low, "high": high}
