"""The uncertainty of a share."""

import math
from collections.abc import Mapping
from typing import Any

Z = 1.959964  # of a normal distribution: 95 % are within
# Coefficients of 1 / freedom and of its square and cube in the same quantile of Student's t.
T_TERMS = (
    (Z**3 + Z) / 4,
    (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
    (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
)
# Least factor of the square of the share in the equation below: where few days make the share and
# these vary much, the variance is so large that the equation has no upper solution.
LEAST_SCALE = 0.25


def share_interval(
    hits: float, articles: float, variance: float = 0.0
) -> tuple[float, float] | None:
    """The 95 % interval of the share hits / articles; None without articles.

    The interval has the shares p from which the one found is no more than Z standard deviations
    away, where the variance is p (1 - p) / articles + variance * p^2. Without the second term it is
    Wilson's (1927): unlike the textbook interval it holds for few articles and for no hit, and
    stays between 0 and 1 (Brown, Cai and DasGupta, Statistical Science 16, 2001).

    Args:
        hits: Articles with the topic.
        articles: All articles.
        variance: What the share varies beyond chance, relative to its square, as share_variance in
            topic_weekly; not read without hits.
    """
    if not articles:
        return None
    share, weight = hits / articles, Z * Z / articles
    middle = share + weight / 2
    scale = max(1 + weight - (Z * Z * variance if hits else 0), LEAST_SCALE)
    half = math.sqrt(max(0.0, middle * middle - scale * share * share))
    # Exact at the ends, where rounding leaves a trace.
    low = min(share, max(0.0, (middle - half) / scale))
    return low, max(share, min(1.0, (middle + half) / scale))


def interval(row: Mapping[str, Any]) -> dict[str, Any]:
    """`low` and `high` of a row with `hits` and `articles`; None without articles.

    `excess`, where a row has it, is what the variance of `hits` is beyond chance, as of
    queries/series.sql; added up over sources and periods as hits are.
    """
    hits, articles = row["hits"] or 0, row["articles"] or 0
    variance = (row.get("excess") or 0.0) / hits**2 if hits else 0.0
    low, high = share_interval(hits, articles, variance) or (None, None)
    return {"low": low, "high": high}
