"""Any words in the texts of a selection: what is to be read, and the series of what was found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import duckdb

from warehouse.questions.articles import counted_sql
from warehouse.questions.selection import Selection
from warehouse.questions.series import SQL, totals
from warehouse.questions.texts import texts_of
from warehouse.read.query import quoted, records

Row = dict[str, Any]
Days = Sequence[tuple[date, int]]

FIELDS = {
    "kicker": "kicker",
    "headline": "headline",
    "standfirst": "standfirst",
    "body": "body",
    "caption": "array_to_string(captions, chr(10))",
}
EXCERPTS = 3  # hits of an expression that are shown of each field

# What topic_daily has of a topic, without topics.
DAYS_OF_ALL = """(
    SELECT '' AS topic_id, source_id, country, language, day, estimated_published, state,
           if(state = 'missing', NULL, extracted) AS articles,
           if(state = 'missing', NULL, 0) AS articles_other_languages,
           if(state = 'missing', NULL, coalesce(originals, 0)) AS articles_original
    FROM coverage{local}
    JOIN sources USING (source_id)
    LEFT JOIN (
        SELECT source_id, {published_date} AS day, count(*) AS originals
        FROM articles WHERE duplicate_of IS NULL GROUP BY ALL
    ) USING (source_id, day)
)"""


def articles_by_day(con: duckdb.DuckDBPyConnection, selection: Selection) -> Days:
    """The days of a selection, the newest first, and how many articles each has."""
    day = selection.sql("{published_date}")
    return con.sql(
        f"SELECT {day}, count(*) {counted_sql(selection)} GROUP BY ALL ORDER BY 1 DESC"
    ).fetchall()


def file_days(con: duckdb.DuckDBPyConnection, selection: Selection) -> list[date]:
    """The UTC days in whose files the articles of a selection are."""
    rows = con.sql(f"SELECT DISTINCT published_date {counted_sql(selection)} ORDER BY 1 DESC")
    return [day for (day,) in rows.fetchall()]


def fields_of(selection: Selection) -> list[str]:
    """The fields that are searched."""
    return ["headline"] if selection.is_headlines_only else list(FIELDS)


def texts_sql(files: Sequence[str], selection: Selection) -> str:
    """The texts of a selection in these files: article_id, published_date, and what is searched."""
    columns = ", ".join(
        "captions" if field == "caption" else field for field in fields_of(selection)
    )
    return (
        f"SELECT article_id, counted_on AS published_date, published_at, {columns}"
        f" {_rows(files, selection)}"
    )


def matches_sql(
    files: Sequence[str], selection: Selection, expression: str, is_shown: bool = True
) -> str:
    """The articles that a regular expression matches: article_id, published_date, published_at.

    And of each field, if they are shown, the first hits and the texts before and after these, as
    <field> and <field>_between.
    """
    fields = {field: FIELDS[field] for field in fields_of(selection)}
    pattern = quoted(expression)
    found = " OR ".join(f"regexp_matches({text}, {pattern})" for text in fields.values())
    shown = [
        f"regexp_extract_all({text}, {pattern})[:{EXCERPTS}] AS {field},"
        f" regexp_split_to_array({text}, {pattern})[:{EXCERPTS + 1}] AS {field}_between"
        for field, text in fields.items()
        if is_shown
    ]
    columns = ", ".join(["article_id", "counted_on AS published_date", "published_at", *shown])
    return f"SELECT {columns} {_rows(files, selection)} WHERE {found}"


def _rows(files: Sequence[str], selection: Selection) -> str:
    return (
        f"FROM {texts_of(files)} JOIN (SELECT articles.article_id, articles.version_no,"
        f" {selection.sql('articles.{published_date}')} AS counted_on"
        f" {counted_sql(selection)}) AS counted USING (article_id, version_no)"
    )


def found_series(
    con: duckdb.DuckDBPyConnection, selection: Selection, hits: Mapping[date, int]
) -> list[Row]:
    """The share of the articles in which something was found, by day; rows as of `series`."""
    sql = (SQL / "series.sql").read_text()
    rows = records(
        con,
        sql.format(
            days=selection.sql(DAYS_OF_ALL),
            part="''",
            unit="day",
            first_day=f"DATE '{selection.first_day}'",
            hits="0 * articles",
            articles="articles_original" if selection.is_without_copies else "d.articles",
            where=f"{selection.of_days()} AND {selection.of_sources()}",
        ),
    )
    return [_counted(row, Counter(hits)[row["period"]]) for row in rows]


def by_period(rows: Sequence[Row], unit: str) -> list[Row]:
    """Rows of days added up to weeks or months."""

    def first_day(row: Row) -> date:
        day: date = row["period"]
        before = {"day": 0, "week": day.weekday(), "month": day.day - 1}[unit]
        return day - timedelta(days=before)

    return [
        group[0] | totals(group) | {"period_end": group[-1]["period_end"]}
        for _, each in groupby(rows, first_day)
        for group in [list(each)]
    ]


def _counted(row: Row, hits: int) -> Row:
    counted = row | {"hits": None if row["hits"] is None else hits}
    return counted | totals([counted])


def without_topics(selection: Selection) -> Selection:
    """The selection of a search, which needs neither topics nor periods."""
    return replace(selection, topics=(), unit="day")
