"""Runs the queries of `checks` over the rows that a load touched, or over all rows."""

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from warehouse.build.mart_merge import ADDED, RUN_RELATIONS
from warehouse.build.sql_files import read_sql
from warehouse.read.query import records
from warehouse.read.utc_or_local_days import DAYS, fill_in

ROWS_SHOWN = 5  # rows that the error of a failed check shows

# The rows of a load are selected once for all checks, since DuckDB reads a whole column to find a
# few ids. Without an index: ids are hashes, so each load would rewrite most of it.
#
# Views `touched_<name>`: a relation's rows of the articles and pages of the load's runs.
# `touched_copies` and `touched_originals` have the same text as a touched article.
ARTICLE_CHECKS = {
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
# Views `touched_<name>`: a relation's rows of the days of the load's runs, UTC and local days.
# Spikes and months are checked for the days of watched sources only: a backfill of other
# domains may touch days of many years, and these relations contain none of them.
_OF_DAYS = {
    "coverage{local}": ("coverage{local}", "SEMI JOIN touched_days{local} USING (source_id, day)"),
    "topic_daily{local}": (
        "topic_daily{local}",
        "SEMI JOIN touched_days{local} USING (source_id, day)",
    ),
    "days_articles{local}": (
        "articles",
        """SEMI JOIN touched_days{local} AS d
               ON d.source_id = articles.source_id AND day = {published_date}""",
    ),
    "days_mentions{local}": (
        "mentions",
        "SEMI JOIN rows_of_days_articles{local} USING (article_id)",
    ),
    "topic_spikes{local}": ("topic_spikes{local}", "SEMI JOIN rows_of_coverage{local} USING (day)"),
    "spike_days{local}": ("topic_daily{local}", "SEMI JOIN rows_of_coverage{local} USING (day)"),
}
DAY_CHECKS = {
    fill_in(name, days): (fill_in(relation, days), fill_in(condition, days))
    for days in DAYS
    for name, (relation, condition) in _OF_DAYS.items()
} | {
    "days_pages": ("pages", "SEMI JOIN touched_days USING (source_id, day)"),
}

# Views `touched_<name>`: a relation's rows of the months with touched days. Each with the column to
# compare (days, or first days of periods), and the table of touched days.
MONTHS = {
    "months_daily": ("topic_daily", "day", "coverage"),
    "months_daily_local": ("topic_daily_local", "day", "coverage_local"),
    "months_index": ("attention_index_latest", "period", "coverage"),
    "months_index_local": ("attention_index_latest_local", "period", "coverage_local"),
}
# Prefixes of the checks of views, whose rows follow from tables that have checks of their own: they
# are run over all rows only, by `maintain --verify`. They took a tenth of the CPU of a load of a
# few pages.
CHECKS_OF_VIEWS = ("coverage_gaps_", "topic_weekly_", "topic_monthly_")
# Marts that a poll with nothing new does not touch.
AFTER_COVERAGE = (
    *("topic_daily", "topic_daily_local", "topic_changes", "attention_index", "topic_spikes"),
    *("attention_index_local", "topic_spikes_local", "balanced_index", "balanced_index_local"),
)
# Prefixes of the checks of these marts, and of the views over them.
CHECKS_AFTER_COVERAGE = ("topic_", "attention_index_", "index_notes_", "balanced_index_")

Connection = duckdb.DuckDBPyConnection


class CheckFailed(Exception):  # noqa: N818 - named after the event
    """A check found offending rows; the load was rolled back, readers keep the last snapshot."""

    def __init__(self, check: str, holds: str, rows: list[dict[str, Any]]) -> None:
        self.check, self.holds, self.rows = check, holds, rows
        shown = "".join(f"\n  {row}" for row in rows)
        super().__init__(f"check {check} failed: it requires that {holds} Offending rows:{shown}")

    def __reduce__(self) -> tuple[type["CheckFailed"], tuple[Any, ...]]:
        return type(self), (self.check, self.holds, self.rows)


def run_checks(con: Connection, *names: str, whole: bool = True) -> None:
    """Run every query of `checks`, or the named ones; CheckFailed for the first that finds rows.

    Unless `whole`, a check that allows it reads only rows that the load's runs added or touched;
    call it directly after `mart_refresh.refresh` then.
    """
    left_out: tuple[str, ...] = ()
    if whole:
        _view_all(con)
    else:
        _view_touched(con)
        keys = (f"FROM keys_of_{mart} LIMIT 1" for mart in AFTER_COVERAGE)
        is_counted = any(con.execute(sql).fetchall() for sql in keys)
        left_out = CHECKS_OF_VIEWS if is_counted else CHECKS_OF_VIEWS + CHECKS_AFTER_COVERAGE
    for name, sql in read_sql("checks").items():
        if (names and name not in names) or name.startswith(left_out):
            continue
        if failed := _failed(con, name, sql):
            raise failed


def failed_checks(con: Connection) -> Iterator[CheckFailed]:
    """All queries of `checks` that find rows, over all rows."""
    _view_all(con)
    for name, sql in read_sql("checks").items():
        if failed := _failed(con, name, sql):
            yield failed


def _failed(con: Connection, name: str, sql: str) -> CheckFailed | None:
    # Not with `records`, whose relation plans a query twice: for all checks 0.25 s of CPU, a
    # noticeable part of a load of a few articles (DuckDB 2.0.1).
    if not con.execute(f"SELECT 1 FROM (\n{sql}\n) LIMIT 1").fetchall():  # noqa: S608
        return None
    found = records(con, f"SELECT * FROM (\n{sql}\n) LIMIT {ROWS_SHOWN}")  # noqa: S608
    head = [line[2:].strip() for line in sql.splitlines() if line.startswith("--")]
    return CheckFailed(name, " ".join(head).removeprefix("Holds: "), found)


def _view_all(con: Connection) -> None:
    rows = con.execute(
        "SELECT table_name FROM duckdb_tables()"
        " UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
    )
    existing = {name for (name,) in rows.fetchall()}
    for name in existing.intersection((*ADDED, *RUN_RELATIONS)):
        _view(con, f"added_{name}", f"FROM {name}")
        _view(con, f"run_{name}", f"FROM {name}")
    for name, (relation, *_) in (ARTICLE_CHECKS | DAY_CHECKS | MONTHS).items():
        if relation in existing:
            _view(con, f"touched_{name}", f"FROM {relation}")


def _view_touched(con: Connection) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched_ids AS"
        " SELECT article_id FROM added_article_versions"
        " UNION SELECT article_id FROM added_captures WHERE article_id IS NOT NULL"
        " UNION SELECT article_id FROM changed_articles"
    )
    _copy_rows(con, ARTICLE_CHECKS)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched_days AS"
        " SELECT source_id, published_date AS day"
        " FROM rows_of_article_versions WHERE published_date IS NOT NULL"
        " UNION SELECT source_id, (attempted_at AT TIME ZONE 'UTC')::DATE FROM added_captures"
        " UNION FROM keys_of_coverage"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE touched_days_local AS"
        " SELECT source_id, published_local_date AS day"
        " FROM rows_of_articles WHERE published_local_date IS NOT NULL"
        " UNION FROM keys_of_coverage_local"
    )
    _copy_rows(con, DAY_CHECKS)
    for name, (relation, column, days) in MONTHS.items():
        rows = con.execute(
            f"SELECT DISTINCT date_trunc('month', day)::DATE FROM rows_of_{days}"  # noqa: S608
        )
        # First days of months, as constants: DuckDB pushes those into a view, but not a join.
        starts = sorted(f"DATE '{day}'" for (day,) in rows.fetchall()) or ["NULL"]
        listed = ", ".join(starts)
        where = f"period IN ({listed})"
        if column == "day":
            where = f"day >= {starts[0]} AND date_trunc('month', day)::DATE IN ({listed})"
        _view(con, f"touched_{name}", f"FROM {relation} WHERE {where}")


def _copy_rows(con: Connection, wanted: Mapping[str, tuple[str, str]]) -> None:
    """Copy a relation's wanted rows into temporary tables `rows_of_<name>`, with their views."""
    for name, (relation, condition) in wanted.items():
        # By rowid: a join would read every column of every row, 0.3 s for a million versions.
        row_ids = f"SELECT {relation}.rowid FROM {relation} {condition}"  # noqa: S608
        rows = f"FROM {relation} WHERE rowid IN ({row_ids})"
        con.execute(f"CREATE OR REPLACE TEMP TABLE rows_of_{name} AS {rows}")
        _view(con, f"touched_{name}", f"FROM rows_of_{name}")


def _view(con: Connection, name: str, rows: str) -> None:
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {rows}")
