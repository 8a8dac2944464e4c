"""Prints the answer of a query as CSV, JSON or a table."""

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

import duckdb
from rich.cells import cell_len
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from flows.cli.console import printable
from tasks.text.control_characters import without_controls
from tasks.text.counted import counted

Answer = duckdb.DuckDBPyRelation
Row = tuple[str | None, ...]
COLUMN_GAP = 2
FLOATS = ("DOUBLE", "FLOAT")
# A string, which stays, or a number that DuckDB writes and JSON lacks.
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)')


def print_csv(answer: Answer) -> None:
    """Print CSV; NULL is an empty field."""
    # DuckDB formats the values, since pyarrow's CSV writer has no lists.
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(answer.columns)
    cells = _text_rows(answer)
    if sys.stdout.isatty():  # a program gets the values as they are
        cells = (tuple(cell and without_controls(cell) for cell in row) for row in cells)
    rows.writerows(cells)


def print_json(answer: Answer) -> None:
    """Print one JSON array, with an object per row, each on its own line."""
    before = "["
    for line in _json_rows(answer):
        print(f"{before}\n{line}", end="")
        before = ","
    print("[]" if before == "[" else "\n]")


def print_ndjson(answer: Answer) -> None:
    """Print one JSON object per row."""
    for line in _json_rows(answer):
        print(line)


PRINTERS = {"csv": print_csv, "json": print_json, "ndjson": print_ndjson}


def _text_rows(answer: Answer) -> Iterator[Row]:
    yield from answer.project("COLUMNS(*)::VARCHAR").iter_rows()


def _json_rows(answer: Answer) -> Iterator[str]:
    """A JSON object per row; infinity and NaN, which JSON lacks, become null."""
    objects = answer.set_alias("answer_row").project("to_json(answer_row)::VARCHAR")
    lines = (_JSON_TOKEN.sub(_json_token, line) for (line,) in objects.iter_rows())
    # JSON itself escapes C0 only.
    yield from map(without_controls, lines) if sys.stdout.isatty() else lines


def _json_token(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else "null"


def print_table(answer: Answer, max_rows: int) -> None:
    """Print a table; on a terminal within its width, and `max_rows` rows at most (0: all)."""
    console = Console()
    if not console.is_terminal:
        console, max_rows = Console(width=sys.maxsize, no_color=True), 0
    rows = _text_rows(answer)
    shown = [*islice(rows, max_rows or None)]
    hidden = sum(1 for _ in rows)
    has_lines = len(shown) == 1 and any("\n" in (value or "") for value in shown[0])
    table = None if has_lines else _table(answer, shown, console.width)
    if table:
        console.print(table)
    for number, row in enumerate(() if table else shown, start=1):
        lines = Table(box=None, show_header=False, padding=(0, COLUMN_GAP, 0, 0), pad_edge=False)
        lines.add_column(style="bold", no_wrap=True)
        lines.add_column(overflow="fold")
        for name, value in zip(answer.columns, row, strict=True):
            lines.add_row(printable(name), _cell(None) if value is None else printable(value))
        console.print(Rule(f"row {number}", align="left"), width=min(console.width, 80))
        console.print(lines)
    count = counted(len(shown), "row")
    if hidden:
        count = f"{len(shown) + hidden:,} rows, {len(shown):,} of them shown; --rows 0 shows all"
    console.print(Text(count, style="dim"))


def _table(answer: Answer, rows: Sequence[Row], width: int) -> Table | None:
    """A table whose texts rich cuts to the width; None where one would get fewer than 12 cells."""
    table = Table(box=None, header_style="bold", padding=(0, COLUMN_GAP, 0, 0), pad_edge=False)
    columns = zip(answer.columns, answer.types, *rows, strict=True)
    for name, kind, *values in columns:
        widest = max(cell_len(str(_cell(value))) for value in (name, *values))
        is_number = str(kind) in FLOATS or str(kind).startswith("DECIMAL(")
        if is_number or str(kind).endswith(("INT", "INTEGER")):
            table.add_column(_cell(name), justify="right", no_wrap=True, min_width=widest)
        else:
            table.add_column(_cell(name), min_width=min(widest, 12))
    for row in rows:
        table.add_row(*map(_cell, row))
    needed = sum((column.min_width or 0) + COLUMN_GAP for column in table.columns)
    return table if needed <= width else None


def _cell(value: str | None) -> Text:
    if value is None:
        return Text("NULL", style="dim italic")
    line = without_controls(value).replace("\n", "↵")
    return Text(line, no_wrap=True, overflow="ellipsis")
