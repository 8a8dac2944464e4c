"""Whether a topic comes up more than usual: a period against the periods before it."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import duckdb

from warehouse.questions.selection import Selection
from warehouse.questions.series import SQL, Row, of_range
from warehouse.read.query import records

LENGTHS = {"day": 1, "week": 7}  # days of the period that is judged
TRAILING = {"day": 8 * 7, "week": 8}  # periods before, which it is compared with

UNUSUAL, FAR = 2.0, 3.5  # standard deviations
LEAST_EXPECTED = 1.0  # articles; with fewer and under LEAST_HITS nothing can be said
LEAST_HITS = 4


class Usual(NamedTuple):
    """A period compared with the same sources' periods before it."""

    verdict: str  # far more, more, as usual, less, far less, or too few to say, not collected
    past_share: float | None  # of the compared sources, by their articles of the period
    expected: float | None  # articles with a mention, had each source's share been that of its past
    score: float | None  # standard deviations above expected
    compared_hits: int = 0  # those of the sources that have enough of a past
    compared_articles: int = 0


def usual(periods: Sequence[Row], length: int) -> Usual:
    """Compare a period with those before it.

    Counts are taken as quasi-Poisson: their scatter is that of the past, at least that of chance.
    Too few to say where less than half of the past was collected.

    Args:
        periods: the rows of a topic of queries/usual.sql.
        length: how many periods of the past there could be.
    """
    now = next((row for row in periods if row["back"] == 0 and row["articles"]), None)
    known = [row for row in periods if row["back"] > 0 and row["articles"]]
    if now is None or len(known) < least_periods(length):
        return Usual("too few to say", None, None, None)
    expected, hits, articles = now["expected"], now["hits"], now["articles"]
    share = expected / articles
    if expected < LEAST_EXPECTED and hits < LEAST_HITS:
        return Usual("too few to say", share, expected, None, hits, articles)
    # A topic that never came up is expected in a tenth of an article, as in the spikes.
    least = max(expected, 0.1)
    squares = [
        (row["hits"] - row["expected"]) ** 2 / row["expected"] for row in known if row["expected"]
    ]
    scatter = max(1.0, sum(squares) / (len(known) - 1))
    part_of_past = articles / sum(row["articles"] for row in known)
    unknown = now["unknown"] / expected if expected else part_of_past
    score = (hits - expected) / math.sqrt(scatter * least * (1 + unknown))
    far = "far " if abs(score) >= FAR else ""
    verdict = "as usual" if abs(score) < UNUSUAL else f"{far}{'more' if score > 0 else 'less'}"
    return Usual(verdict, share, expected, score, hits, articles)


def least_periods(length: int) -> int:
    """The fewest collected periods, of `length` possible ones, that allow a comparison."""
    return max(4, math.ceil(length / 2))


def compared(
    con: duckdb.DuckDBPyConnection,
    unit: str,
    day: date,
    sources: tuple[str, ...] = (),
    *,
    is_local: bool = False,  # days in the time zone of each source
) -> dict[str, Row]:
    """Each topic's day, or seven days to it, compared with those before, by topic.

    Rows: as of `series` and `Usual`.
    """
    length, past = LENGTHS[unit], TRAILING[unit]
    chosen = Selection(day - timedelta(days=length - 1), day, sources=sources, is_local=is_local)
    given = {
        "day": day,
        "first_day": compared_since(unit, day),
        "length": length,
        "least": least_periods(past),
        "sources": list(sources),
    }
    by_topic: dict[str, list[Row]] = {}
    for row in records(con, chosen.sql((SQL / "usual.sql").read_text()), given):
        by_topic.setdefault(row["topic_id"], []).append(row)
    found = {}
    for now in of_range(con, chosen):
        judged = usual(by_topic.get(now["topic_id"], []), past)
        if not now["articles"]:
            judged = Usual("not collected", None, None, None)
        found[now["topic_id"]] = now | judged._asdict()
    return found


def compared_since(unit: str, day: date) -> date:
    """The first day of the past that `compared` reads."""
    return day - timedelta(days=LENGTHS[unit] * (TRAILING[unit] + 1) - 1)
