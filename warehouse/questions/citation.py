"""The data behind a figure, in a line to print below it."""

from collections.abc import Sequence
from datetime import date, datetime

import duckdb

from warehouse.questions.audits import audit_words, audited
from warehouse.questions.selection import Choices, Selection, literal
from warehouse.questions.series import Row, totals
from warehouse.questions.sources import published_share
from warehouse.read.query import records

MAX_NAMED = 5  # sources whose beginning or end is named


def citation(
    con: duckdb.DuckDBPyConnection,
    selection: Selection,
    lacking: str,
    load: tuple[int, datetime],
    about: str = "",
    address: str = "",
) -> str:
    """Snapshot, range, versions and audits of the topics, sources, and what is missing.

    Args:
        con: the snapshot.
        selection: the topics, sources and days of the figure.
        lacking: the result of `missing` for the selection.
        load: number and time of the snapshot's load.
        about: the subject of the figure, in place of the topics.
        address: the URL that shows the figure.
    """
    versions = con.sql(
        "SELECT topic_id, name, topic_version FROM topics"
        f" WHERE valid_to IS NULL AND {selection.topic_condition()} ORDER BY name"
    ).fetchall()
    topics = (
        f"{about} (not audited)"
        if about
        else ", ".join(
            f"{name} (definition {number}, {audit_words(audited(con, topic_id))})"
            for topic_id, name, number in versions
        )
    )
    [(sources,)] = con.sql(
        f"SELECT count(DISTINCT source_id) FROM {selection.sql('topic_daily{local}')}"
        f" WHERE {selection.day_condition()} AND {selection.source_condition()}"
    ).fetchall()
    counted = "headlines" if selection.is_headlines_only else "articles"
    days = "local days of the sources" if selection.is_local else "UTC days"
    copies = "without" if selection.is_without_copies else "with"
    weights = f", each {selection.balance} weighing alike" if selection.balance else ""
    chosen = "all" if selection.has_all_sources else "selected"
    return (
        f"Presswatch, snapshot {load[0]} of {load[1]:%Y-%m-%d %H:%M} UTC. {topics}: share of"
        f" {counted} by {selection.unit}, {selection.first_day} to {selection.last_day} ({days}),"
        f" {sources} sources ({chosen}), {copies} syndicated copies{weights}. {lacking} {address}"
    ).rstrip()


def definitions(con: duckdb.DuckDBPyConnection, selection: Selection) -> list[Row]:
    """The current definitions of the selected topics: the columns of topics."""
    chosen = f"valid_to IS NULL AND {selection.topic_condition()}"
    return records(con, f"FROM topics WHERE {chosen} ORDER BY name, topic_id")


def begun_or_ended(con: duckdb.DuckDBPyConnection, selection: Selection, known: Choices) -> str:
    """Which of the selected sources begin or end within the selected days; empty for none."""
    if known.first_day is None or known.last_day is None:
        return ""
    # A difference of a day may be the time zone.
    since = max(selection.first_day, known.first_day)
    # Not the last day of all: that may be of an article that is dated ahead, in one source.
    until = min(selection.last_day, known.last_whole_day or known.last_day)
    spans = con.sql(
        f"SELECT coalesce(name, source_id), min(day), max(day)"
        f" FROM {selection.sql('coverage{local}')} JOIN sources USING (source_id)"
        f" WHERE {selection.source_condition()} GROUP BY ALL ORDER BY 2, 1"
    ).fetchall()
    parts = [
        f"{name}:{begins}{ends}"
        for name, first, last in spans
        if first <= selection.last_day and last >= selection.first_day
        for begins in [f" from {_day_in_words(first)}" if (first - since).days > 1 else ""]
        for ends in [f" to {_day_in_words(last)}" if last < until else ""]
        if begins or ends
    ]
    more = [f"{len(parts) - MAX_NAMED} other sources begin or end too"] if parts[MAX_NAMED:] else []
    return "; ".join([*parts[:MAX_NAMED], *more])


def _day_in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _collected_before_calendars(
    con: duckdb.DuckDBPyConnection, selection: Selection, first_day: date
) -> str:
    """What was collected of the selected days before all calendars."""
    watched = f"FROM sources WHERE is_watched AND {selection.source_condition()}"
    [(older,)] = con.sql(
        selection.sql(
            f"SELECT count(*) FROM articles SEMI JOIN ({watched}) AS watched USING (source_id)"
            f" WHERE {{published_date}} >= {literal(selection.first_day)}"
            f" AND {{published_date}} < {literal(first_day)}"
        )
    ).fetchall()
    if not older:
        return f"Nothing was collected before {first_day}."
    articles = "1 older article counts" if older == 1 else f"{older:,} older articles count"
    return f"Counted days begin on {first_day}: {articles} on none."


def missing(
    con: duckdb.DuckDBPyConnection, selection: Selection, known: Choices, rows: Sequence[Row]
) -> str:
    """What of a selection was not collected, in a sentence or two; rows are its `series`."""
    added = totals([row for row in rows if row["topic_id"] == rows[0]["topic_id"]])
    if not added["days_collected"]:
        return "Nothing was collected in this time."
    sentences = []
    if known.first_day and known.last_day:
        if selection.first_day < known.first_day:
            sentences.append(_collected_before_calendars(con, selection, known.first_day))
        if selection.last_day > known.last_day:
            sentences.append(f"Nothing has been collected after {known.last_day} yet.")
    if spans := begun_or_ended(con, selection, known):
        sentences.append(f"{spans}.")
    states: dict[str, int] = dict(
        con.sql(
            f"SELECT state, count(*) FROM {selection.sql('coverage{local}')}"
            f" JOIN sources USING (source_id) WHERE {selection.day_condition()}"
            f" AND {selection.source_condition()} GROUP BY state"
        ).fetchall()
    )
    lacks, partial = (states.get(state, 0) for state in ("missing", "partial"))
    sentences.append(
        f"Collected: {published_share(added)}. Missing: {lacks:,} of {added['days']:,} days"
        f" (a day of each source); collected in part: {partial:,}."
    )
    return " ".join(sentences)
