"""Whether a topic comes up more than usual: a period against the periods before it."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import duckdb

from warehouse.questions.selection import Selection
from warehouse.questions.series import Row, series, totals

LENGTHS = {"day": 1, "week": 7}  # days of the period that is judged
TRAILING = {"day": 8 * 7, "week": 8}  # periods before, which it is compared with

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


def compared(
    con: duckdb.DuckDBPyConnection,
    unit: str,
    day: date,
    sources: tuple[str, ...] = (),
    *,
    is_local: bool = False,  # days in the time zone of each source
) -> dict[str, Row]:
    """Each topic's day, or seven days to it, compared with those before, by topic.

    Rows: as of `totals` and `Usual`.
    """
    first, length = compared_since(unit, day), timedelta(days=LENGTHS[unit])
    by_topic: dict[str, list[Row]] = {}
    for row in series(con, Selection(first, day, "day", sources=sources, is_local=is_local)):
        by_topic.setdefault(row["topic_id"], []).append(row)
    ends = [day - back * length for back in range(TRAILING[unit] + 1)]
    found = {}
    for topic, rows in by_topic.items():
        now, *past = (
            totals([row for row in rows if end - length < row["period"] <= end]) for end in ends
        )
        found[topic] = now | usual(now, past)._asdict()
    return found


def compared_since(unit: str, day: date) -> date:
    """The first day of the past that `compared` reads."""
    return day - timedelta(days=LENGTHS[unit] * (TRAILING[unit] + 1) - 1)
