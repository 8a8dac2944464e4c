"""Checking the warehouse: the queries of `checks`, over what a load brought or over everything."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError, open_snapshot, records

CHECKS = Path(__file__).parents[1] / "checks"
OFFENDERS = 5
"""Rows that a failed check shows."""
ADDED = ("article_versions", "captures", "stripped_blocks", "files", "runs", "polls")
"""Relations to which a load only adds rows of its runs; a check reads those as `added_<name>`."""
OF_ARTICLES = {
    "article_versions": ("article_versions", "SEMI JOIN other_ids USING (article_id)"),
    "articles": ("articles", "SEMI JOIN other_ids USING (article_id)"),
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
found once a load, not by each check: to look for a few articles is to read the ids of all.
"""

KNOWN = {
    "article_versions": "UNION SELECT place FROM touched_versions",
    "articles": "UNION SELECT rowid FROM articles WHERE rowid > getvariable('articles_end')",
}
"""Of those, the places that `build.refresh` has found; the others are looked for."""

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

Spikes, as weeks and months, have the days of watched papers: a backfill of what only archives know
may touch days of many years, which are in none of them.
"""

PERIODS = {
    "weeks_daily": ("topic_daily", "day", "week"),
    "months_daily": ("topic_daily", "day", "month"),
    "months_index": ("attention_index_latest", "period", "month"),
}
"""Views `touched_<name>`: a relation's rows of the weeks, or the months, with touched days.

Each with the column that is compared: days, or the first days of periods.
"""

SUMS = {
    "topic_weekly": ("topic_weekly", "weeks_daily"),
    "topic_monthly": ("topic_monthly", "months_daily"),
}
"""Views `touched_<name>`: what a view makes of these days, instead of those of all history.

Asked for some periods, DuckDB reads all days: which are theirs it does not see.
"""

AFTER_COVERAGE = ("topic_", "attention_index_", "index_notes_")
"""How the checks of the marts begin that `build.refresh` leaves as they are where it may."""

Connection = duckdb.DuckDBPyConnection


class CheckFailed(Exception):  # noqa: N818 - it is what happened
    """A check found rows that must not be; the load was rolled back, readers see the last one."""

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
        whole: Whether all rows are looked at, or, where a rule allows it, those alone that the
            runs of `new_runs` added or touched, right after `build.refresh`.

    Raises:
        CheckFailed: naming the first check that found rows, with the first of them.
    """
    _view_all(con) if whole else _view_touched(con)
    stays = () if whole or _is_moved(con) else AFTER_COVERAGE
    for path in sorted(CHECKS.glob("*.sql")):
        if (names and path.stem not in names) or path.stem.startswith(stays):
            continue
        sql = path.read_text()
        found = records(con, f"SELECT * FROM (\n{sql}\n) LIMIT {OFFENDERS}")  # noqa: S608
        if found:
            raise CheckFailed(path.stem, _says(sql), found)


def _is_moved(con: Connection) -> bool:
    return bool(con.execute("SELECT getvariable('is_moved')").fetchall()[0][0])


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
    for name, (relation, *_) in (OF_ARTICLES | OF_DAYS | PERIODS | SUMS).items():
        if relation in there:
            _view(con, f"touched_{name}", f"FROM {relation}")


def _view_touched(con: Connection) -> None:
    run_ids = [run_id for (run_id,) in con.execute("SELECT run_id FROM new_runs").fetchall()]
    # As constants: a join would read the column of all rows, these are looked up in its statistics.
    listed = ", ".join(f"'{run_id}'" for run_id in run_ids) or "NULL"
    for name in ADDED:
        _view(con, f"added_{name}", f"FROM {name} WHERE run_id IN ({listed})")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched_ids AS"
        " SELECT article_id FROM added_article_versions"
        " UNION SELECT article_id FROM added_captures WHERE article_id IS NOT NULL"
        " UNION SELECT article_id FROM changed_articles"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE other_ids AS"
        " FROM touched_ids ANTI JOIN touched USING (article_id)"
    )
    _keep_rows(con, OF_ARTICLES)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched_days AS"
        " SELECT source_id, published_date AS day"
        " FROM rows_of_article_versions WHERE published_date IS NOT NULL"
        " UNION SELECT source_id, (attempted_at AT TIME ZONE 'UTC')::DATE FROM added_captures"
        " UNION SELECT source_id, day FROM counted_days"
    )
    _keep_rows(con, OF_DAYS)
    for name, (relation, column, kind) in PERIODS.items():
        starts = _starts(con, kind)
        _view(con, f"touched_{name}", f"FROM {relation} WHERE {_within(column, kind, starts)}")
    for name, (relation, days) in SUMS.items():
        _view(con, f"touched_{name}", _query_of(con, relation, f"touched_{days}"))


def _query_of(con: Connection, view: str, days: str) -> str:
    """A view's query, of other days."""
    ((sql,),) = con.execute("SELECT sql FROM duckdb_views() WHERE view_name = ?", [view]).fetchall()
    query = str(sql).partition(" AS ")[2].rstrip(";\n")
    return query.replace("FROM topic_daily", f"FROM {days}")


def _keep_rows(con: Connection, wanted: Mapping[str, tuple[str, str]]) -> None:
    """Make tables of rows, which are found by their place: a join would read every column."""
    for name, (relation, those) in wanted.items():
        places = f"SELECT {relation}.rowid FROM {relation} {those} {KNOWN.get(name, '')}"  # noqa: S608
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
