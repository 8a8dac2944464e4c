"""Searches the texts of a selection: the articles to read, and the series of matches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from warehouse.questions.articles import counted_sql
from warehouse.questions.selection import UNITS, Selection
from warehouse.questions.series import BALANCES, RANGE, SQL, period_of, with_interval
from warehouse.questions.texts import texts_of
from warehouse.read.query import quoted, records
from warehouse.stats.dispersion import dispersion

Row = dict[str, Any]
Days = Sequence[tuple[date, int]]

FIELDS = {
    "kicker": "kicker",
    "headline": "headline",
    "standfirst": "standfirst",
    "body": "body",
    "caption": "array_to_string(captions, chr(10))",
}
KEPT = "article_id, counted.source_id, counted_on AS published_date, published_at"
MAX_EXCERPTS = 3  # hits of an expression that are shown for each field

# The columns of topic_daily for the articles that a search found, by source and day.
DAYS_OF_ALL = """(
    SELECT '' AS topic_id, source_id, country, language, day, estimated_published, state,
           if(state = 'missing', NULL, coalesce(counted, 0)) AS articles,
           if(state = 'missing', NULL, extracted - coalesce(counted, 0))
               AS articles_other_languages,
           if(state = 'missing', NULL, coalesce(originals, 0)) AS articles_original,
           if(state = 'missing', NULL, coalesce(found, 0)) AS hits
    FROM coverage{local}
    JOIN sources USING (source_id)
    LEFT JOIN (
        SELECT source_id, {published_date} AS day, count(*) AS counted,
               count(*) FILTER (duplicate_of IS NULL) AS originals
        FROM articles WHERE {written} GROUP BY ALL
    ) USING (source_id, day)
    LEFT JOIN (
        SELECT unnest($sources::VARCHAR[]) AS source_id, unnest($days::DATE[]) AS day,
               unnest($found::BIGINT[]) AS found
    ) USING (source_id, day)
)"""
VARIATION = """(
    SELECT '' AS topic_id, unnest($varying::VARCHAR[]) AS source_id,
           unnest($variations::DOUBLE[]) AS variation
)"""


def articles_by_day(con: duckdb.DuckDBPyConnection, selection: Selection) -> Days:
    """The days of a selection with their numbers of articles, the newest first."""
    day = selection.sql("{published_date}")
    return con.sql(
        f"SELECT {day}, count(*) {counted_sql(selection)} GROUP BY ALL ORDER BY 1 DESC"
    ).fetchall()


def file_days(con: duckdb.DuckDBPyConnection, selection: Selection) -> list[date]:
    """The UTC days whose files contain the articles of a selection."""
    rows = con.sql(f"SELECT DISTINCT published_date {counted_sql(selection)} ORDER BY 1 DESC")
    return [day for (day,) in rows.fetchall()]


def fields_of(selection: Selection) -> list[str]:
    """The fields that are searched."""
    return ["headline"] if selection.is_headlines_only else list(FIELDS)


def texts_sql(files: Sequence[str], selection: Selection) -> str:
    """SQL for the texts of a selection in these files: columns KEPT and the searched fields."""
    columns = ", ".join(
        "captions" if field == "caption" else field for field in fields_of(selection)
    )
    return f"SELECT {KEPT}, {columns} {_rows(files, selection)}"


def matches_sql(
    files: Sequence[str], selection: Selection, expression: str, is_shown: bool = True
) -> str:
    """SQL for the articles that a regular expression matches: the columns of KEPT.

    With `is_shown` also, for each field, the first hits as <field> and the texts around them as
    <field>_between.
    """
    fields = {field: FIELDS[field] for field in fields_of(selection)}
    pattern = quoted(expression)
    found = " OR ".join(f"regexp_matches({text}, {pattern})" for text in fields.values())
    shown = [
        f"regexp_extract_all({text}, {pattern})[:{MAX_EXCERPTS}] AS {field},"
        f" regexp_split_to_array({text}, {pattern})[:{MAX_EXCERPTS + 1}] AS {field}_between"
        for field, text in fields.items()
        if is_shown
    ]
    columns = ", ".join([KEPT, *shown])
    return f"SELECT {columns} {_rows(files, selection)} WHERE {found}"


def _rows(files: Sequence[str], selection: Selection) -> str:
    return (
        f"FROM {texts_of(files)} JOIN (SELECT articles.article_id, articles.version_no,"
        f" articles.source_id, {selection.sql('articles.{published_date}')} AS counted_on"
        f" {counted_sql(selection)}) AS counted USING (article_id, version_no)"
    )


def found_series(
    con: duckdb.DuckDBPyConnection, selection: Selection, hits: Mapping[tuple[str, date], int]
) -> dict[str, list[Row]]:
    """The share of the articles in which something was found, by unit and for the whole RANGE.

    Rows: as of `series`. The variation from day to day beyond chance is estimated from these days,
    as for a topic.

    Args:
        con: the snapshot.
        selection: what was searched.
        hits: articles in which it was found, by source and day.
    """
    days = selection.sql(DAYS_OF_ALL.replace("{written}", selection.language_condition()))
    articles = "articles_original" if selection.is_without_copies else "d.articles"
    where = f"{selection.day_condition()} AND {selection.source_condition()}"
    given: dict[str, Any] = {
        "sources": [source for source, _ in hits],
        "days": [day for _, day in hits],
        "found": [*hits.values()],
    }
    counts = con.sql(
        f"SELECT source_id, day, coalesce({articles}, 0) AS articles, coalesce(hits, 0) AS hits"
        f" FROM {days} AS d WHERE {where}",
        params=given,
    ).to_arrow_table()
    given |= _variations(counts)
    sql = (SQL / "series.sql").read_text()
    return {
        unit: [
            with_interval(row)
            for row in records(
                con,
                sql.format(
                    days=days,
                    dispersion=VARIATION,
                    part="''",
                    period=period_of(unit, selection.first_day),
                    first_day=f"DATE '{selection.first_day}'",
                    hits="d.hits",
                    articles=articles,
                    where=where,
                    **BALANCES[selection.balance],
                ),
                given,
            )
        ]
        for unit in (*UNITS, RANGE)
    }


def _variations(counts: pa.Table) -> dict[str, Any]:
    """The variation of each source, from counts by source and day."""
    sources, source = np.unique(counts["source_id"].to_numpy(), return_inverse=True)
    days, day = np.unique(counts["day"].to_numpy(), return_inverse=True)
    articles, hits = np.zeros((2, len(sources), len(days)))
    articles[source, day], hits[source, day] = counts["articles"], counts["hits"]
    variation, _ = dispersion(articles, hits[None].astype(np.int32))
    return {"varying": sources.tolist(), "variations": variation[0].tolist()}


def search_selection(selection: Selection, languages: Sequence[str] | None) -> Selection:
    """The selection of a search, without topics and periods; None for all languages."""
    return replace(selection, topics=(), unit="day", written_in=tuple(languages or ()))
