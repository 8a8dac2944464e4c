"""The uncertainty of a share."""

import math
from collections.abc import Mapping
from typing import Any

Z = 1.959964  # of a normal distribution: 95 % are within


def share_interval(hits: int, articles: int) -> tuple[float, float] | None:
    """The 95 % interval of the share hits / articles; None without articles.

    After Wilson (1927): unlike the textbook interval it holds for few articles and for no hit, and
    stays between 0 and 1 (Brown, Cai and DasGupta, Statistical Science 16, 2001).
    """
    if not articles:
        return None
    share, weight = hits / articles, Z * Z / articles
    middle = share + weight / 2
    half = math.sqrt(weight * (share * (1 - share) + weight / 4))
    low, high = (middle - half) / (1 + weight), (middle + half) / (1 + weight)
    # Exact at the ends, where rounding leaves a trace.
    return (0.0 if hits == 0 else low, 1.0 if hits == articles else high)


def interval(row: Mapping[str, Any]) -> dict[str, Any]:
    """`low` and `high` of a row with `hits` and `articles`; None without articles."""
    low, high = share_interval(row["hits"] or 0, row["articles"] or 0) or (None, None)
    return {"low": low, "high": high}
