"""Whether a topic comes up more than usual: a period against the periods before it."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

Row = dict[str, Any]

UNUSUAL, FAR = 2.0, 3.5  # standard deviations
LEAST_EXPECTED = 1.0  # articles; with fewer and under LEAST_HITS nothing can be said
LEAST_HITS = 4


class Usual(NamedTuple):
    """A period compared with the same sources' periods before it."""

    verdict: str  # far more, more, as usual, less, far less, or too few to say, not collected
    past_share: float | None
    expected: float | None  # articles with a mention, had the share been that of the past
    score: float | None  # standard deviations above expected


def usual(now: Row, past: Sequence[Row]) -> Usual:
    """Compare rows of `series`: a period with those before it.

    Counts are taken as quasi-Poisson: their scatter is that of the past, at least that of chance.
    Too few to say where less than half of the past was collected.
    """
    if not now["articles"]:
        return Usual("not collected", None, None, None)
    known = [row for row in past if row["articles"]]
    articles = sum(row["articles"] for row in known)
    hits = sum(row["hits"] for row in known)
    if len(known) < max(4, len(past) / 2):
        return Usual("too few to say", hits / articles if articles else None, None, None)
    rate = hits / articles
    expected = rate * now["articles"]
    if expected < LEAST_EXPECTED and now["hits"] < LEAST_HITS:
        return Usual("too few to say", rate, expected, None)
    # A topic that never came up is expected in a tenth of an article, as in the spikes.
    least = max(expected, 0.1)
    squares = [
        (row["hits"] - rate * row["articles"]) ** 2 / (rate * row["articles"])
        for row in known
        if rate
    ]
    scatter = max(1.0, sum(squares) / (len(known) - 1))
    variance = scatter * least * (1 + now["articles"] / articles)
    score = (now["hits"] - expected) / math.sqrt(variance)
    far = "far " if abs(score) >= FAR else ""
    verdict = "as usual" if abs(score) < UNUSUAL else f"{far}{'more' if score > 0 else 'less'}"
    return Usual(verdict, rate, expected, score)
