"""What a figure rests on, in a line to print below it."""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from warehouse.questions.audits import audit_words, audited
from warehouse.questions.selection import Choices, Selection
from warehouse.questions.series import Row, totals
from warehouse.read.source_health import percent_down


def citation(
    con: duckdb.DuckDBPyConnection,
    selection: Selection,
    lacking: str,
    load: tuple[int, datetime],
    about: str = "",
) -> str:
    """Snapshot, range, versions and audits of the topics, sources, and what is missing.

    Args:
        con: the snapshot.
        selection: what was asked for.
        lacking: its `missing`.
        load: number and time of the snapshot's load.
        about: what it is a figure of, in place of the topics.
    """
    versions = con.sql(
        "SELECT topic_id, name, topic_version FROM topics"
        f" WHERE valid_to IS NULL AND {selection.of_topics()} ORDER BY name"
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
        f" WHERE {selection.of_days()} AND {selection.of_sources()}"
    ).fetchall()
    counted = "headlines" if selection.is_headlines_only else "articles"
    days = "local days of the sources" if selection.is_local else "UTC days"
    copies = "without" if selection.is_without_copies else "with"
    of = "all" if selection.has_all_sources else "selected"
    return (
        f"Presswatch, snapshot {load[0]} of {load[1]:%Y-%m-%d %H:%M} UTC. {topics}: share of"
        f" {counted} by {selection.unit}, {selection.first_day} to {selection.last_day} ({days}),"
        f" {sources} sources ({of}), {copies} syndicated copies. {lacking}"
    )


def missing(
    con: duckdb.DuckDBPyConnection, selection: Selection, known: Choices, rows: Sequence[Row]
) -> str:
    """What was not collected of a selection, in a sentence or two; rows are its `series`."""
    one = [row for row in rows if row["topic_id"] == rows[0]["topic_id"]] if rows else []
    added = totals(one)
    if not added["days_collected"]:
        return "Nothing was collected in this time."
    said = []
    if known.first_day and known.last_day:
        if selection.first_day < known.first_day:
            said.append(f"Nothing was collected before {known.first_day}.")
        if selection.last_day > known.last_day:
            said.append(f"Nothing has been collected after {known.last_day} yet.")
    states: dict[str, int] = dict(
        con.sql(
            f"SELECT state, count(*) FROM {selection.sql('coverage{local}')}"
            f" JOIN sources USING (source_id) WHERE {selection.of_days()}"
            f" AND {selection.of_sources()} GROUP BY state"
        ).fetchall()
    )
    known_part = "how much of what was published is not known"
    if added["completeness"] is not None:
        known_part = f"about {percent_down(added['completeness'])} of what was published"
    lacks, partial = (states.get(state, 0) for state in ("missing", "partial"))
    said.append(
        f"Collected: {known_part}. Of {added['days']:,} days (a day of each source) {lacks:,} are"
        f" missing and {partial:,} were collected in part."
    )
    return " ".join(said)
