"""Whether a topic comes up more than usual: a period against the periods before it.

By quasi-Poisson counts, not by the index: it is one sentence on one week.
"""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import duckdb

from warehouse.questions.selection import Selection
from warehouse.questions.series import SQL, Row, completeness_of, range_series
from warehouse.questions.sources import is_lacking, published_share
from warehouse.read.query import records

LENGTHS = {"day": 1, "week": 7}  # days of the period that is judged
TRAILING = {"day": 8 * 7, "week": 8}  # periods before, which it is compared with
PAST_DAYS = 8 * 7  # days of these periods
# A source is compared if in its past it was collected on half of the days, and has articles in the
# topic's languages in half of the weeks.
MIN_DAYS, MIN_WEEKS = 28, 4

UNUSUAL_Z, FAR_Z = 2.0, 3.5  # standard deviations
MIN_EXPECTED = 1.0  # articles; with fewer, and fewer than MIN_HITS, there is no verdict
MIN_HITS = 4
# By so many hits the factors of the weekdays are drawn to 1.
FACTOR_HITS = 10


class Comparison(NamedTuple):
    """A period compared with the same sources' periods before it."""

    # far more, more, as usual, less, far less; or too few to say, not collected, no article, no
    # article in its languages
    verdict: str
    # Of the compared sources, weighted by their articles of the period.
    past_share: float | None = None
    # Articles with a mention, if each source had its past share; of a day, that of its weekday.
    expected: float | None = None
    score: float | None = None  # standard deviations above expected
    compared_hits: int = 0  # hits of the compared sources
    compared_articles: int = 0
    new_sources: Sequence[str] = ()  # sources with articles, but too little past
    # The data behind the expectation: days and days_collected of the compared sources' past, and
    # completeness, of its days_estimated. None if no source is compared.
    past: Row | None = None


def compare_period(periods: Sequence[Row], length: int) -> Comparison:
    """Compare a period with those before it.

    Counts are modelled as quasi-Poisson: the scatter is that of the past, but at least that of
    chance. A day is expected to differ from others as its weekday did in the past. The verdict is
    "too few to say" if less than half of the past has articles.

    Args:
        periods: the rows of a topic of queries/usual.sql.
        length: the number of periods before, with or without articles.
    """
    now = next((row for row in periods if row["back"] == 0), None)
    if now is None:
        return Comparison("too few to say")
    judged = _comparison(
        now, [row for row in periods if row["back"] > 0 and row["articles"]], length
    )
    past: Row | None = None
    if now["past_sources"]:
        published, collected = now["past_published"], now["past_collected"]
        past = {
            "days": now["past_sources"] * PAST_DAYS,
            "days_collected": now["past_days_collected"],
            "days_estimated": now["past_days_estimated"],
            "completeness": completeness_of(collected, published),
        }
    return judged._replace(new_sources=now["new_sources"], past=past)


def _comparison(now: Row, past: Sequence[Row], length: int) -> Comparison:
    if not now["articles"] or len(past) < max(4, length / 2):
        return Comparison("too few to say")
    hits, articles = now["hits"], now["articles"]
    share = now["expected"] / articles
    # Of days, each weekday has a factor of its own; of weeks there is one kind, with a factor of 1.
    kinds = length * 7 // PAST_DAYS
    known, factors = [], []
    for kind in range(kinds):
        alike = [row for row in past if row["back"] % kinds == kind]
        known.append(FACTOR_HITS + sum(row["expected"] for row in alike))
        factors.append((FACTOR_HITS + sum(row["hits"] for row in alike)) / known[kind])
    expected = now["expected"] * factors[0]
    if expected < MIN_EXPECTED and hits < MIN_HITS:
        return Comparison("too few to say", share, expected, None, hits, articles)
    squares = [
        (row["hits"] - mean) ** 2 / mean
        for row in past
        if (mean := row["expected"] * factors[row["back"] % kinds])
    ]
    scatter = max(1.0, sum(squares) / (len(past) - kinds))
    # A topic that never came up is expected in a tenth of an article, as in the spikes.
    least = max(expected, 0.1)
    unknown = now["unknown"] or least * articles / sum(row["articles"] for row in past)
    if kinds > 1:
        unknown += expected**2 / known[0]
    score = (hits - expected) / math.sqrt(scatter * (least + unknown))
    far = "far " if abs(score) >= FAR_Z else ""
    verdict = "as usual" if abs(score) < UNUSUAL_Z else f"{far}{'more' if score > 0 else 'less'}"
    return Comparison(verdict, share, expected, score, hits, articles)


def compare_with_past(
    con: duckdb.DuckDBPyConnection,
    unit: str,
    day: date,
    sources: tuple[str, ...] = (),
    *,
    is_local: bool = False,  # days in the time zone of each source
) -> dict[str, Row]:
    """Each topic's day, or the seven days that end with it, compared with those before, by topic.

    Rows: as of `series` and `Comparison`.
    """
    length, past = LENGTHS[unit], TRAILING[unit]
    chosen = Selection(day - timedelta(days=length - 1), day, sources=sources, is_local=is_local)
    given = {
        "day": day,
        "first_day": compared_since(unit, day),
        "length": length,
        "min_days": MIN_DAYS,
        "min_weeks": MIN_WEEKS,
        "sources": list(sources),
    }
    by_topic: dict[str, list[Row]] = {}
    for row in records(con, chosen.sql((SQL / "usual.sql").read_text()), given):
        by_topic.setdefault(row["topic_id"], []).append(row)
    found = {}
    for now in range_series(con, chosen):
        judged = compare_period(by_topic.get(now["topic_id"], []), past)
        if not now["days_collected"]:
            judged = Comparison("not collected")
        elif not now["articles"]:
            in_others = " in its languages" if now["articles_other_languages"] else ""
            judged = Comparison(f"no article{in_others}")
        found[now["topic_id"]] = now | judged._asdict()
    return found


def nothing_to_compare(now: Row | None) -> str:
    """Why a row of `compare_with_past` has no article, as a clause; empty where it has some."""
    if now is None or now["verdict"] == "not collected":
        return "nothing was collected"
    if now["articles"]:
        return ""
    of = " in the topic's languages" if now["verdict"] == "no article in its languages" else ""
    # If a part of the days is missing, it is unknown what was published.
    is_whole = now["days_collected"] == now["days"] and not is_lacking(now)
    return f"no article{of} was {'published' if is_whole else 'found'}"


def verdict_in_words(verdict: str) -> str:
    """The verdict on a period that has articles, as a phrase that follows its number of hits."""
    if verdict == "too few to say":
        return "too few to say whether that is unusual"
    return verdict if verdict == "as usual" else f"{verdict} than usual"


def past_in_words(past: Row) -> str:
    """The data behind the expectation; empty if nearly all of the past was collected."""
    if not is_lacking(past):
        return ""
    days = f"{past['days_collected']:,} of {past['days']:,} days of sources"
    if past["days_estimated"] == past["days_collected"]:  # equal numbers are shown once
        past = past | {"days": past["days_estimated"]}
    return f"{days}, {published_share(past)}"


def compared_since(unit: str, day: date) -> date:
    """The first day of the past that `compare_with_past` reads."""
    return day - timedelta(days=LENGTHS[unit] * (TRAILING[unit] + 1) - 1)
