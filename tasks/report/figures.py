"""The figures of the report, read from the current snapshot by the SQL of warehouse/queries."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout, published_load
from warehouse.questions.audits import audit_words, audited, corrected
from warehouse.questions.selection import Selection, choices, fitting_unit, has_local_days
from warehouse.questions.series import RANGE, series
from warehouse.read.query import QueryError, records, snapshot
from warehouse.read.utc_or_local_days import sql_for_days
from warehouse.stats.intervals import interval

QUERIES = (
    "topics",
    "attention",
    "by_source",
    "index",
    "spikes",
    "pairs",
    "collected",
    "coverage",
    "latest",
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """The rows of each query, all of one snapshot."""

    first_day: date
    last_day: date
    first_of_all: date  # of all days; the index is scaled to a mean of 100 from there on
    last_whole_day: date  # the last day that had ended for all sources, as on the desk's overview
    unit: str  # day, week or month: the period of the charts
    is_local: bool  # days of the sources' time zones; else UTC days
    snapshot: int
    articles: int
    undated: int
    sources: int
    loaded_at: datetime
    topics: list[Row]
    attention: list[Row]
    by_source: list[Row]
    topic_sources: list[Row]  # topic by source over all days, as `series` gives it, with a `name`
    index: list[Row]
    spikes: list[Row]
    pairs: list[Row]
    collected: list[Row]
    coverage: list[Row]
    latest: list[Row]


def read_figures(layout: Layout, *, is_local: bool = False) -> Figures:
    """Read the figures from the current snapshot; QueryError when nothing has been loaded yet.

    By the days of each source's time zone if `is_local`, and if the snapshot has them.
    """
    with snapshot(layout) as con:
        is_local = is_local and has_local_days(con)
        (span,) = _query_rows(con, "span", is_local, {})
        if span["last_day"] is None:
            raise QueryError("no day of any source is known yet: run `presswatch ingest` first")
        known = choices(con, is_local=is_local)
        given = span | {
            "unit": fitting_unit(span["first_day"], span["last_day"]),
            "last_whole_day": known.last_whole_day,
        }
        (totals,) = _query_rows(con, "totals", is_local, given)
        found: dict[str, Any] = {name: _query_rows(con, name, is_local, given) for name in QUERIES}
        audits = {row["topic_id"]: audited(con, row["topic_id"]) for row in found["topics"]}
        # Not the sum of the periods, whose interval would be wider the shorter they are.
        whole = Selection(span["first_day"], span["last_day"], RANGE, is_local=is_local)
        found["topic_sources"] = [
            row | {"name": known.sources.get(row["part"], row["part"])}
            for row in series(con, whole, "source")
        ]
    topics = {topic["topic_id"]: topic["name"] for topic in found["topics"]}
    for row in (*found["topics"], *found["attention"], *found["by_source"]):
        row |= {"series": row.get("source") or topics.get(row["topic_id"]), **interval(row)}
    for row in (*found["topics"], *found["attention"]):
        audit = audits.get(row["topic_id"])
        row |= {"audit": audit_words(audit), "corrected": corrected(audit, row)}
    for row in found["topics"]:
        late = {name: row[f"late_{name}"] for name in ("hits", "articles", "share", "excess")}
        row["late"] = late | interval(late)
    return Figures(**given, **totals, **found, is_local=is_local, snapshot=published_load(layout))


def _query_rows(con: duckdb.DuckDBPyConnection, name: str, is_local: bool, given: Row) -> list[Row]:
    """The rows of one query; none while the relation it reads does not exist."""
    sql = sql_for_days(read_sql("queries")[name], is_local)
    needed = re.findall(r"^-- Reads: (\w+)$", sql, re.MULTILINE)
    # A snapshot published by an earlier version may lack a relation.
    existing = "FROM information_schema.tables WHERE table_name = ?"
    if needed and not records(con, existing, needed[:1]):
        return []
    # DuckDB refuses parameters that a query does not use.
    wanted = {key: value for key, value in given.items() if f"${key}" in sql}
    return records(con, sql, wanted)
