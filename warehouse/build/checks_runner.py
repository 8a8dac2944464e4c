"""Checking the warehouse: the queries of `checks`, over what a load touched or over everything."""

from collections.abc import Mapping
from typing import Any

import duckdb

from warehouse.build.mart_merge import ADDED
from warehouse.build.sql_files import make_view, read_sql
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError, open_snapshot, records

OFFENDERS = 5
"""Rows that a failed check shows."""
OF_ARTICLES = {
    "article_versions": ("article_versions", "SEMI JOIN touched_ids USING (article_id)"),
    "articles": ("articles", "SEMI JOIN touched_ids USING (article_id)"),
    "copies": ("articles", "SEMI JOIN touched_ids AS t ON articles.duplicate_of = t.article_id"),
    "originals": (
        "articles",
        """WHERE article_id IN (SELECT duplicate_of FROM rows_of_articles
                            UNION SELECT duplicate_of FROM rows_of_copies)""",
    ),
    "mentions": ("mentions", "SEMI JOIN touched_ids USING (article_id)"),
    "pages": ("pages", "SEMI JOIN added_captures USING (source_id, url_hash)"),
}
"""Views `touched_<name>`: a relation's rows of the articles and pages of the load's runs.

`touched_copies` and `touched_originals` are what is the same text as a touched article. Rows are
found once a load, not by each check: looking for a few articles reads the ids of all.
"""
OF_DAYS = {
    "coverage": ("coverage", "SEMI JOIN touched_days USING (source_id, day)"),
    "topic_daily": ("topic_daily", "SEMI JOIN touched_days USING (source_id, day)"),
    "days_articles": (
        "articles",
        "SEMI JOIN touched_days AS d ON d.source_id = articles.source_id AND day = published_date",
    ),
    "days_mentions": ("mentions", "SEMI JOIN rows_of_days_articles USING (article_id)"),
    "days_pages": ("pages", "SEMI JOIN touched_days USING (source_id, day)"),
    "topic_spikes": ("topic_spikes", "SEMI JOIN rows_of_coverage USING (day)"),
    "spike_days": ("topic_daily", "SEMI JOIN rows_of_coverage USING (day)"),
}
"""Views `touched_<name>`: a relation's rows of the days of the load's runs.

Spikes, weeks and months are checked for the days of watched sources only: a backfill of what only
archives know may touch days of many years, which are in none of them.
"""

PERIODS = {
    "weeks_daily": ("topic_daily", "day", "week"),
    "months_daily": ("topic_daily", "day", "month"),
    "months_index": ("attention_index_latest", "period", "month"),
}
"""Views `touched_<name>`: a relation's rows of the weeks, or the months, with touched days.

Each with the column that is compared: days, or the first days of periods.
"""

SUMS = {"topic_weekly": "touched_weeks_daily", "topic_monthly": "touched_months_daily"}
"""Views `touched_<name>`: the view's SELECT over these days, instead of those of all history.

Asked for some periods of the view itself, DuckDB reads all days: it cannot tell which are theirs.
"""
AFTER_COVERAGE = ("topic_daily", "topic_changes", "attention_index", "topic_spikes")
"""Marts that a poll with nothing new does not touch."""
CHECKS_AFTER_COVERAGE = ("topic_", "attention_index_", "index_notes_")
"""How the names of the checks of these marts, and of the views over them, begin."""

Connection = duckdb.DuckDBPyConnection


class CheckFailed(Exception):  # noqa: N818 - it is what happened
    """A check found offending rows; the load was rolled back, readers see the last one."""

    def __init__(self, check: str, holds: str, rows: list[dict[str, Any]]) -> None:
        self.check, self.holds, self.rows = check, holds, rows
        shown = "".join(f"\n  {row}" for row in rows)
        super().__init__(f"check {check} failed, which says: {holds}{shown}")

    def __reduce__(self) -> tuple[type["CheckFailed"], tuple[Any, ...]]:
        return type(self), (self.check, self.holds, self.rows)


def run_checks(con: Connection, *names: str, whole: bool = True) -> None:
    """Run every query of `checks`, or the named ones; each returns the rows that offend.

    Args:
        con: The warehouse; a part of its relations is enough for the named checks.
        names: Checks to run.
        whole: Whether to check all rows or, where a rule allows it, only those that the load's
            runs added or touched, right after `build.refresh`.

    Raises:
        CheckFailed: naming the first check that found rows, with the first of them.
    """
    _view_all(con) if whole else _view_touched(con)
    unchanged = () if whole or _is_moved(con) else CHECKS_AFTER_COVERAGE
    for name, sql in read_sql("checks").items():
        if (names and name not in names) or name.startswith(unchanged):
            continue
        found = records(con, f"SELECT * FROM (\n{sql}\n) LIMIT {OFFENDERS}")  # noqa: S608
        if found:
            raise CheckFailed(name, _says(sql), found)


def _is_moved(con: Connection) -> bool:
    keys = (f"EXISTS (FROM keys_of_{mart})" for mart in AFTER_COVERAGE)
    return bool(con.execute(f"SELECT {' OR '.join(keys)}").fetchall()[0][0])


def check_snapshot(layout: Layout) -> None:
    """Run every check over all that readers see.

    Raises:
        CheckFailed: as `run_checks` does.
        QueryError: there is no snapshot yet.
    """
    con = open_snapshot(layout)
    if con is None:
        raise QueryError(f"{layout.current} is not there yet: run `presswatch ingest` first")
    with con:
        run_checks(con)


def _says(sql: str) -> str:
    lines = [line.removeprefix("--").strip() for line in sql.splitlines() if line[:2] == "--"]
    return " ".join(lines).removeprefix("Holds: ")


def _view_all(con: Connection) -> None:
    rows = con.execute(
        "SELECT table_name FROM duckdb_tables()"
        " UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
    )
    there = {name for (name,) in rows.fetchall()}
    for name in there.intersection(ADDED):
        _view(con, f"added_{name}", f"FROM {name}")
    parts = {name: relation for name, (relation, *_) in (OF_ARTICLES | OF_DAYS | PERIODS).items()}
    for name, relation in (parts | {view: view for view in SUMS}).items():
        if relation in there:
            _view(con, f"touched_{name}", f"FROM {relation}")


def _view_touched(con: Connection) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched_ids AS"
        " SELECT article_id FROM added_article_versions"
        " UNION SELECT article_id FROM added_captures WHERE article_id IS NOT NULL"
        " UNION SELECT article_id FROM changed_articles"
    )
    _keep_rows(con, OF_ARTICLES)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched_days AS"
        " SELECT source_id, published_date AS day"
        " FROM rows_of_article_versions WHERE published_date IS NOT NULL"
        " UNION SELECT source_id, (attempted_at AT TIME ZONE 'UTC')::DATE FROM added_captures"
        " UNION FROM keys_of_coverage"
    )
    _keep_rows(con, OF_DAYS)
    for name, (relation, column, kind) in PERIODS.items():
        starts = _starts(con, kind)
        _view(con, f"touched_{name}", f"FROM {relation} WHERE {_within(column, kind, starts)}")
    for name, days in SUMS.items():
        sql = make_view(read_sql("schema")[name], f"touched_{name}", days, "OR REPLACE TEMP VIEW")
        con.execute(sql.partition("COMMENT ON")[0])


def _keep_rows(con: Connection, wanted: Mapping[str, tuple[str, str]]) -> None:
    """Make tables of rows, which are found by their place: a join would read every column."""
    for name, (relation, those) in wanted.items():
        places = f"SELECT {relation}.rowid FROM {relation} {those}"  # noqa: S608
        rows = f"FROM {relation} WHERE rowid IN ({places})"
        con.execute(f"CREATE OR REPLACE TEMP TABLE rows_of_{name} AS {rows}")
        _view(con, f"touched_{name}", f"FROM rows_of_{name}")


def _starts(con: Connection, kind: str) -> list[str]:
    """First days of the periods with touched days, as constants, which reach into a view."""
    days = con.execute(f"SELECT DISTINCT date_trunc('{kind}', day)::DATE FROM rows_of_coverage")  # noqa: S608
    return sorted(f"DATE '{day}'" for (day,) in days.fetchall()) or ["NULL"]


def _within(column: str, kind: str, starts: list[str]) -> str:
    """SQL: whether a day, or a period by its first day, is of the periods with these first days."""
    listed = ", ".join(starts)
    if column == "period":
        return f"period IN ({listed})"
    return f"day >= {starts[0]} AND date_trunc('{kind}', day)::DATE IN ({listed})"


def _view(con: Connection, name: str, rows: str) -> None:
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {rows}")
