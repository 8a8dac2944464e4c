"""Export: charts as pictures, tables as files, the SQL of a view."""

import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
import xlsxwriter
from pyarrow import csv, parquet
from starlette.exceptions import HTTPException
from starlette.responses import Response

from flows.desk.desk import DeskRequest
from flows.desk.search_query import query_of
from flows.desk.views import search
from flows.desk.views.attention import (
    audits_of,
    cite,
    corrections,
    label_rows,
    multiples,
    part_of,
    with_topics,
)
from tasks.report import chart_images, charts
from tasks.report.chart_style import Spec
from tasks.text.csv_cells import as_cell
from warehouse.questions.citation import missing
from warehouse.questions.series import Row, gaps_sql, series, series_sql, spikes
from warehouse.read.query import QueryError

EXCEL_ROWS = 1_048_576 - 1  # the most that a sheet holds below its heading
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "sql": "text/plain; charset=utf-8",
    "svg": "image/svg+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Answer:
    """What is exported of a view."""

    table: Callable[[], pa.Table]
    sql: str
    chart: Callable[[], Spec] | None = None
    cited: str = ""  # the line to cite, if not that of the selected topics


def export(view: DeskRequest) -> Response:
    """The view NAME as NAME.csv, .xlsx, .parquet, .sql, and as .png or .svg where it is a chart."""
    name, _, form = view.request.path_params["name"].partition(".")
    if form in ("png", "svg"):
        view = view.as_chart()
    rows: list[Row] = []
    answer = _search_answer(view) if name == "search" else None
    if name != "search":
        view = with_topics(view)
        rows = series(view.con, view.selection)
        answer = _all_answers(view, rows).get(name)
    unavailable = {"png", "svg"} if answer and not answer.chart else set()
    unavailable |= {"sql"} if answer and not answer.sql else set()
    if answer is None or form not in {*TYPES} - unavailable:
        raise HTTPException(404, f"there is no export {name}.{form}")
    if form in ("png", "svg") and name != "search" and not rows:
        raise QueryError("Nothing was collected in this time: there is no chart of it.")
    cited = answer.cited or cite(view, missing(view.con, view.selection, view.known, rows))
    chosen = view.selection
    file = "-".join((name, *chosen.topics[:3], f"{chosen.first_day}-{chosen.last_day}.{form}"))
    return Response(
        _serialised(form, answer, cited),
        media_type=TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


def _all_answers(view: DeskRequest, rows: Sequence[Row]) -> dict[str, Answer]:
    part, audits = part_of(view), audits_of(view)
    if not view.selection.topics:
        raise QueryError("Choose a topic.")
    return {
        "attention": Answer(
            lambda: _series_table(corrections(view, audits, rows), ""),
            series_sql(view.selection),
            lambda: charts.attention(
                label_rows(view, rows),
                label_rows(view, spikes(view.con, view.selection)),
                view.selection.unit,
                order=[*view.known.topics.values()],
            ),
        ),
        "parts": Answer(
            lambda: _series_table(
                corrections(view, audits, series(view.con, view.selection, part)), part
            ),
            series_sql(view.selection, part),
            lambda: multiples(view, part, audits)[view.selection.topics[0]],
        ),
        "gaps": Answer(
            lambda: view.con.sql(gaps_sql(view.selection)).to_arrow_table(),
            gaps_sql(view.selection),
        ),
    }


def _search_answer(view: DeskRequest) -> Answer | None:
    query = query_of(view.con, view.query)
    if query is None:
        return None
    found = search.requested_search(view, query)
    if found.state != "done":
        raise HTTPException(409, "This search is not done: open its page, and save it from there.")
    rows = [row | {"query": query.line} for row in found.series[view.selection.unit]]
    charted = [row | {"series": query.line} for row in rows]
    names = [name for name in COLUMNS if name not in ("topic_id", "part", *AUDIT_COLUMNS)]
    return Answer(
        lambda: _table(rows, names),
        "",
        (lambda: charts.attention(charted, [], view.selection.unit)) if rows else None,
        cited=search.cite(view, found),
    )


COLUMNS = {
    "query": "what was searched for",
    "topic_id": "topic",
    "part": "source, country or language",
    "first_day": "first day of the period",
    "last_day": "its last day",
    "hits": "articles that mention the topic, or in which it was found; empty where nothing was"
    " collected",
    "articles": "all articles",
    "share": "hits / articles",
    "low": "lower end of the share's 95 % interval",
    "high": "upper end",
    "corrected": "the share as the topic's audit corrects it; empty without an audit of its present"
    " definition, and of headlines",
    "corrected_low": "lower end of its 95 % interval, of both samples: articles and verdicts",
    "corrected_high": "upper end",
    "audit": "how many of the topic's articles are about it, as readers judged a sample of them",
    "completeness": "collected of what was published, as estimated; empty where not known",
    "days_estimated": "days of sources of which completeness is known, and which it is of",
    "days_collected": "days of sources that were collected",
    "days": "days of sources",
    "articles_other_languages": "articles in languages without a phrase of the topic, not counted",
}


AUDIT_COLUMNS = ("corrected", "corrected_low", "corrected_high", "audit")


def _series_table(rows: Sequence[Row], part: str) -> pa.Table:
    names = [name for name in COLUMNS if name != "query" and (part or name != "part")]
    ends = {"corrected": "share", "corrected_low": "low", "corrected_high": "high"}
    return _table(
        [
            row | {name: getattr(row["corrected"], end, None) for name, end in ends.items()}
            for row in rows
        ],
        names,
    )


def _table(series: Sequence[Row], names: Sequence[str]) -> pa.Table:
    rows = [
        row | {"first_day": row["period"], "last_day": row["period_end"] - timedelta(days=1)}
        for row in series
    ]
    kinds = dict.fromkeys(AUDIT_COLUMNS[:3], pa.float64())  # also where all are NULL
    return pa.table(
        {name: pa.array([row[name] for row in rows], kinds.get(name)) for name in names}
    )


def _serialised(form: str, answer: Answer, cited: str) -> bytes:
    if form == "sql":
        return f"-- {cited}\n{answer.sql}\n".encode()
    if answer.chart and form in ("png", "svg"):
        lines = textwrap.wrap(cited, 140, break_long_words=False, break_on_hyphens=False)
        spec = answer.chart() | {"title": {"text": lines, "fontSize": 11, "orient": "bottom"}}
        return chart_images.png(spec) if form == "png" else chart_images.svg(spec).encode()
    table, out = answer.table(), io.BytesIO()
    if form == "parquet":
        parquet.write_table(table.replace_schema_metadata({"citation": cited}), out)
    elif form == "csv":
        # As a column, in the first row only: a line above the header would break other programs.
        # Without rows, such as where there is no gap, it is in a row of its own.
        flat = [_flat(column) if len(table) else pa.nulls(1) for column in table]
        columns = [*flat, pa.array([cited, *[None] * (len(table) - 1)], pa.string())]
        csv.write_csv(pa.table(columns, [*table.column_names, "citation"]), out)
    else:
        _write_excel(table, cited, out)
    return out.getvalue()


def _flat(column: pa.ChunkedArray) -> pa.Array:
    """A column as CSV holds it: lists and structures as text, and no text that is a formula."""
    if not (pa.types.is_nested(column.type) or pa.types.is_string(column.type)):
        return column
    texts = [None if value is None else _text(value) for value in column.to_pylist()]
    return pa.array([text and as_cell(text) for text in texts])


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _write_excel(table: pa.Table, cited: str, out: io.BytesIO) -> None:
    """A workbook with the table, and a sheet with the line to cite and the columns' meaning."""
    safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, {**safe, "in_memory": True}) as book:
        sheet, bold = book.add_worksheet("table"), book.add_format({"bold": True})
        formats = {date: book.add_format({"num_format": "yyyy-mm-dd"})}
        formats[datetime] = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, table.column_names, bold)
        for number, column in enumerate(table.columns):
            for row, value in enumerate(column.to_pylist()[:EXCEL_ROWS], 1):
                if isinstance(value, datetime):  # Excel has no time zones
                    value = value.replace(tzinfo=None)
                if value is not None:
                    kept = value if isinstance(value, int | float | date) else _text(value)
                    sheet.write(row, number, kept, formats.get(type(value)))
        sheet.autofit()
        about = book.add_worksheet("about")
        about.write(0, 0, cited, book.add_format({"text_wrap": True, "valign": "top"}))
        about.set_column(0, 0, 100)
        about.set_row(0, 80)
        for row, name in enumerate([name for name in COLUMNS if name in table.column_names], 2):
            about.write(row, 0, f"{name}: {COLUMNS[name]}")
