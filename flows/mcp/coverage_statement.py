"""The coverage of an answer: the days that were asked for, and what was collected of them."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb

from tasks.text.counted import counted
from warehouse.questions.selection import Choices, Selection
from warehouse.questions.series import gaps
from warehouse.questions.sources import collected, published_share

MAX_GAPS = 5  # gaps of sources that an answer names, the longest
DAY = timedelta(days=1)

Answer = dict[str, Any]


def coverage_statement(
    con: duckdb.DuckDBPyConnection, known: Choices, selection: Selection
) -> Answer:
    """The coverage of a selection's days and sources, in words and in numbers."""
    found = collected(con, selection)
    unknown = [
        {"first_day": first, "last_day": last, "why": why}
        for first, last, why in _uncollected(known, selection, found["known_days"])
    ]
    missing = sorted(gaps(con, selection), key=lambda gap: -gap["days"])
    names = (
        "source_id",
        "first_day",
        "last_day",
        "state",
        "reasons",
        "urls_lost",
        "estimated_lost",
    )
    return {
        "says": _in_words(selection, found, unknown),
        "first_day": selection.first_day,
        "last_day": selection.last_day,
        "days": "of each source's time zone" if selection.is_local else "UTC",
        "is_collected": bool(found["days_collected"]),
        "sources": found["sources"],
        "source_days": found["days"],
        "source_days_collected": found["days_collected"],
        "source_days_collected_in_part": found["days_partial"],
        "share_of_published_collected": found["completeness"],
        "source_days_of_that_share": found["days_estimated"],
        "days_not_collected": unknown,
        "gaps_of_sources": [{name: gap[name] for name in names} for gap in missing[:MAX_GAPS]],
        "gaps_of_sources_in_all": len(missing),
    }


def _in_words(selection: Selection, found: Answer, unknown: Sequence[Answer]) -> str:
    span = f"{selection.first_day} to {selection.last_day}"
    if not found["days_collected"]:
        why = "; ".join(dict.fromkeys(each["why"] for each in unknown))
        return f"Nothing was collected of {span} ({why}): the answer is not known, it is not zero."
    of = "all sources" if selection.has_all_sources else "the selected sources"
    statement = (
        f"{span}, {of} ({found['sources']}): {found['days_collected']:,} of"
        f" {counted(found['days'], 'day')} of sources were collected,"
        f" {found['days_partial']:,} in part; {published_share(found)}."
    )
    if selection.is_without_copies:
        statement += " Syndicated copies are left out."
    if unknown:
        days = sum((each["last_day"] - each["first_day"]).days + 1 for each in unknown)
        spans = [f"{each['first_day']} to {each['last_day']}" for each in unknown]
        named = ", ".join([*spans[:3], *(["..."] if spans[3:] else [])])
        statement += f" Of {counted(days, 'day')} nothing is known, which is not zero: {named}."
    return statement


def _uncollected(
    known: Choices, selection: Selection, known_days: Sequence[date]
) -> Iterator[tuple[date, date, str]]:
    """The days of which no selected source was collected, as ranges with the reason."""
    first, last = selection.first_day, selection.last_day
    if known.first_day is None or known.last_day is None:
        yield first, last, "no day of any source is known yet"
        return
    if first < known.first_day:
        yield first, min(last, known.first_day - DAY), f"collecting began on {known.first_day}"
    day = max(first, known.first_day)
    end = min(last, known.last_day)
    for present in (*known_days, end + DAY):
        if day < present:
            yield day, present - DAY, "no listing of these sources was read"
        day = max(day, present + DAY)
    if last > known.last_day:
        yield max(first, known.last_day + DAY), last, f"the last collected day is {known.last_day}"
