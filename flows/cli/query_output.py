"""An answer of the warehouse as people and programs want it: a table, CSV, JSON."""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

import duckdb
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

Answer = duckdb.DuckDBPyRelation
Row = tuple[str | None, ...]
NARROW = 12
"""Characters of text below which a column tells nothing; then rows are shown one below another."""
GAP = 2
FLOATS = ("DOUBLE", "FLOAT")
NULL = Text("NULL", style="dim italic")


def print_csv(answer: Answer) -> None:
    """Print CSV; NULL is an empty field."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(answer.columns)
    rows.writerows(_rows(_as_text(answer)))


def print_json(answer: Answer) -> None:
    """Print one JSON array of objects, a row a line."""
    before = "["
    for (line,) in _rows(_as_objects(answer)):
        print(f"{before}\n{line}", end="")
        before = ","
    print("[]" if before == "[" else "\n]")


def print_ndjson(answer: Answer) -> None:
    """Print a JSON object a row."""
    for (line,) in _rows(_as_objects(answer)):
        print(line)


PRINTERS: Mapping[str, Callable[[Answer], None]] = MappingProxyType(
    {"csv": print_csv, "json": print_json, "ndjson": print_ndjson}
)


def _as_text(answer: Answer) -> Answer:
    return answer.project("COLUMNS(*)::VARCHAR")


def _as_objects(answer: Answer) -> Answer:
    """A JSON object a row; JSON knows no infinity and no NaN, which become null."""
    named = zip(answer.columns, answer.types, strict=True)
    quoted = ('"{}"'.format(name.replace('"', '""')) for name, kind in named if kind in FLOATS)
    finite = ", ".join(f"CASE WHEN isfinite({name}) THEN {name} END AS {name}" for name in quoted)
    kept = answer.project(f"* REPLACE ({finite})") if finite else answer
    return kept.set_alias("answer_row").project("to_json(answer_row)::VARCHAR")


def _rows(answer: Answer) -> Iterator[Row]:
    yield from answer.iter_rows()


def print_table(answer: Answer, most: int) -> None:
    """Print a table: whole, but on a terminal cut to its width and to `most` rows."""
    console = Console()
    if not console.is_terminal:
        console, most = Console(width=sys.maxsize, no_color=True), 0
    every = _rows(_as_text(answer))
    shown = [*islice(every, most or None)]
    left = sum(1 for _ in every)
    lines = len(shown) == 1 and any("\n" in (value or "") for value in shown[0])
    widths = None if lines else _widths(answer, shown, console.width)
    if widths:
        console.print(_table(answer, shown, widths))
    else:
        console.print(_records(answer.columns, shown))
    console.print(Text(_counted(len(shown), left), style="dim"))


def _widths(answer: Answer, rows: Sequence[Row], room: int) -> list[int] | None:
    """Characters a column; None when texts would have to be cut to next to nothing."""
    columns = [*zip(answer.columns, *rows, strict=True)]
    wanted = [max(cell_len(_line(value)) for value in column) for column in columns]
    fixed = [_is_number(kind) for kind in answer.types]
    free = room - GAP * len(wanted)
    texts = [width for width, is_fixed in zip(wanted, fixed, strict=True) if not is_fixed]
    free -= sum(wanted) - sum(texts)
    cap = max([*texts, NARROW])
    while cap > NARROW and sum(min(width, cap) for width in texts) > free:
        cap -= 1
    if sum(min(width, cap) for width in texts) > free:
        return None
    return [
        width if is_fixed else min(width, cap)
        for width, is_fixed in zip(wanted, fixed, strict=True)
    ]


def _is_number(kind: object) -> bool:
    name = str(kind)
    return name in FLOATS or name.endswith(("INT", "INTEGER")) or name.startswith("DECIMAL(")


def _table(answer: Answer, rows: Sequence[Row], widths: Sequence[int]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, GAP, 0, 0), pad_edge=False)
    for name, kind, width in zip(answer.columns, answer.types, widths, strict=True):
        justify = "right" if _is_number(kind) else "left"
        table.add_column(_cell(name, width), width=width, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(_cell(value, width) for value, width in zip(row, widths, strict=True)))
    return table


def _cell(value: str | None, width: int) -> Text:
    if value is None:
        return NULL
    text = Text(_line(value))
    text.truncate(width, overflow="ellipsis")
    return text


def _line(value: str | None) -> str:
    return "NULL" if value is None else value.replace("\r", "").replace("\n", "↵")


def _records(columns: Sequence[str], rows: Sequence[Row]) -> RenderableType:
    """A row below another, a line or more a column."""
    parts: list[RenderableType] = []
    for number, row in enumerate(rows, start=1):
        lines = Table(box=None, show_header=False, padding=(0, GAP, 0, 0), pad_edge=False)
        lines.add_column(style="bold", no_wrap=True)
        lines.add_column(overflow="fold")
        for name, value in zip(columns, row, strict=True):
            lines.add_row(Text(name), NULL if value is None else Text(value))
        parts += [Rule(f"row {number}", align="left"), lines]
    return Group(*parts)


def _counted(shown: int, left: int) -> str:
    if left:
        return f"{shown + left:,} rows, {shown:,} of them shown; --rows 0 shows all"
    return "1 row" if shown == 1 else f"{shown:,} rows"
