"""What the report tells, read from the current snapshot by the queries of warehouse/reports."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

import warehouse
from warehouse.build.snapshots import published_load
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError, open_snapshot, records

REPORTS = Path(warehouse.__file__).parent / "reports"
COLUMNS = 60
"""Periods that a chart can show side by side on a narrow screen."""
QUERIES = (
    *("topics", "attention", "by_paper", "index", "spikes"),
    *("pairs", "coverage", "latest"),
)
UNITS = {"day": 1, "week": 7, "month": 30}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """The rows of each query, all of one snapshot."""

    first_day: date
    last_day: date
    unit: str
    """day, week or month: the periods that are told one by one."""
    snapshot: int
    articles: int
    undated: int
    papers: int
    loaded_at: datetime
    topics: list[Row]
    attention: list[Row]
    by_paper: list[Row]
    index: list[Row]
    spikes: list[Row]
    pairs: list[Row]
    coverage: list[Row]
    latest: list[Row]


def read_figures(layout: Layout) -> Figures:
    """Ask the current snapshot all that the report tells.

    Raises:
        QueryError: nothing has been loaded yet.
    """
    con = open_snapshot(layout)
    if con is None:
        raise QueryError(f"{layout.current} is not there yet: run `presswatch ingest` first")
    with con:
        (span,) = _ask(con, "span", {})
        if span["last_day"] is None:
            raise QueryError("no day is known of any paper yet: run `presswatch ingest` first")
        unit = _unit((span["last_day"] - span["first_day"]).days + 1)
        given = span | {"unit": unit}
        (totals,) = _ask(con, "totals", given)
        found: dict[str, Any] = {name: _ask(con, name, given) for name in QUERIES}
    return Figures(**given, **totals, **found, snapshot=published_load(layout))


def _unit(days: int) -> str:
    """The shortest unit of which the days are not too many."""
    fitting = (unit for unit, length in UNITS.items() if days / length <= COLUMNS)
    return next(fitting, "month")


def _ask(con: duckdb.DuckDBPyConnection, name: str, given: Row) -> list[Row]:
    """The rows of one query; none while the relation that it reads is not there."""
    sql = (REPORTS / f"{name}.sql").read_text()
    needed = re.findall(r"^-- Reads: (\w+)$", sql, re.MULTILINE)
    if needed and not _exists(con, needed[0]):
        return []
    wanted = {key: value for key, value in given.items() if f"${key}" in sql}
    rows: list[Row] = con.sql(sql, params=wanted).to_arrow_table().to_pylist()
    return rows


def _exists(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    found = records(con, "FROM information_schema.tables WHERE table_name = ?", [relation])
    return bool(found)
