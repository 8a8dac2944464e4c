"""The commands that read the warehouse: `sql`, `schema`, `report` and `sources health`."""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from flows.cli.console import printable, relations_view
from flows.cli.exit_status import Exit, fail, say
from flows.cli.options import DataFolder
from tasks.installation import settings_of
from tasks.text.control_characters import without_controls
from tasks.text.counted import counted
from warehouse.layers.atomic_write import whole_file
from warehouse.layers.layout import Layout


def sql(
    query: Annotated[
        str | None, typer.Argument(help="A SQL query; - reads it from standard input.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A file with the query.")
    ] = None,
    data: DataFolder = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
    as_ndjson: Annotated[
        bool, typer.Option("--ndjson", help="Print one JSON object per row.")
    ] = False,
    parquet: Annotated[Path | None, typer.Option(help="Write a Parquet file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write what is printed to this file.")] = None,
    rows: Annotated[
        int, typer.Option(min=0, help="Rows that a terminal shows; 0 shows all.")
    ] = 200,
) -> None:
    """Query the current snapshot and the texts of articles; nothing else is read or written."""
    from warehouse.read.query import asked

    forms = [name for name, on in zip(PRINTERS, (as_csv, as_json, as_ndjson), strict=True) if on]
    if len(forms) + (parquet is not None) > 1:
        fail("choose one of --csv, --json, --ndjson and --parquet", Exit.WRONG_USAGE)
    if (query is None) == (file is None):
        why = "give one query: as an argument, by --file, or - and on standard input"
        fail(why, Exit.WRONG_USAGE)
    text = sys.stdin.read() if query == "-" else query or ""
    if file:
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            fail(f"{file} cannot be read: {error.strerror}", Exit.WRONG_USAGE)
        except UnicodeDecodeError as error:
            fail(f"{file} cannot be read: not UTF-8 at byte {error.start}", Exit.WRONG_USAGE)
    with asked(readable_layout(data), text, parquet) as answer, _written_to(out):
        if answer is None:
            return
        statements = duckdb.extract_statements(text)
        queries = sum(each.type == duckdb.StatementType.SELECT for each in statements)
        if queries > 1:
            say(f"{queries} queries: the answer is that of the last", "WARNING")
        if parquet:
            answer.write_parquet(str(parquet.absolute()), compression="zstd")
        elif forms:
            PRINTERS[forms[0]](answer)
        else:
            print_table(answer, rows)


@contextmanager
def _written_to(path: Path | None) -> Iterator[None]:
    """Print to this file, where there is one."""
    if path is None:
        try:
            yield
            sys.stdout.flush()
        except OSError as error:
            error.filename = error.filename or "standard output"
            raise
        return
    with (
        whole_file(path) as place,
        place.open("w", encoding="utf-8", newline="") as file,
        redirect_stdout(file),
    ):
        yield


def schema(
    relation: Annotated[str | None, typer.Argument(help="A table, view or macro.")] = None,
    data: DataFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe each table, view and column of the warehouse."""
    from warehouse.build.relations import describe

    found = describe(readable_layout(data))
    if relation is not None:
        names = [each.name for each in found]
        if relation not in names:
            fail(f"no relation '{relation}'; there are: {', '.join(names)}", Exit.WRONG_USAGE)
        found = [each for each in found if each.name == relation]
    if as_json:
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
    else:
        Console().print(relations_view(found, whole=relation is not None))


def report(
    data: DataFolder = None,
    out: Annotated[
        Path | None, typer.Option(help="The file; else report.html in the data folder.")
    ] = None,
    table: Annotated[
        bool, typer.Option("--table", help="Print tables to the terminal, write no file.")
    ] = False,
) -> None:
    """Write an HTML page that shows each topic over time."""
    from tasks.report import write_report

    layout = readable_layout(data)
    if table:
        print_topics(layout)
        return
    write_report(layout, out or layout.report, is_local=settings_of().is_local)
    print(out or layout.report)


def mcp(data: DataFolder = None) -> None:
    """Answer questions of an assistant on this machine, over standard input and output (MCP)."""
    try:
        from flows.mcp.server import create_server
    except ModuleNotFoundError as missing:
        name = (missing.name or "").partition(".")[0]
        why = f"presswatch mcp: {name} is not installed: pip install 'presswatch[mcp]'"
        fail(why, Exit.FAILED)
    create_server(readable_layout(data), is_local=settings_of().is_local).run()


def sources_health(data: DataFolder = None) -> None:
    """Show which sources fail, are silent or lose articles, and how often each is asked."""
    from flows.cli.console import health_view, losses_view
    from warehouse.read.poll_intervals import poll_intervals
    from warehouse.read.query import snapshot
    from warehouse.read.source_health import source_health

    layout = readable_layout(data)
    with snapshot(layout):
        sources, intervals = source_health(layout).values(), poll_intervals(layout)
    Console().print(health_view(sources, intervals))
    Console().print(losses_view(sources))


def print_topics(layout: Layout) -> None:
    """Print how often each topic was mentioned, by source and day, and the paths of the files."""
    from tasks.report import daily_report

    Console().print(daily_report(layout, is_local=settings_of().is_local))
    print(f"\nDuckDB file: {layout.current}")
    if layout.report.exists():
        print(f"Report:      {layout.report}")


def layout_of(data: Path | None) -> Layout:
    """The data folder, or the environment's; a local copy when its store does not answer."""
    from tasks.installation import open_layout
    from warehouse.store.objects import StoreError

    settings = settings_of(data=data)
    try:
        return open_layout(settings)
    except StoreError as error:
        layout = Layout(settings.data)
        if not layout.current.exists():
            raise
        say(f"{error}; reading the local copy", "WARNING")
        return layout


def readable_layout(data: Path | None) -> Layout:
    """`layout_of`, unless a newer version of Presswatch has written its snapshot."""
    from warehouse.build.schema_version import refuse_newer_snapshot

    layout = layout_of(data)
    # A query would read tables that the guides of this version do not describe.
    refuse_newer_snapshot(layout)
    return layout


Answer = duckdb.DuckDBPyRelation
Row = tuple[str | None, ...]
GAP = 2
FLOATS = ("DOUBLE", "FLOAT")


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
    """Print one JSON array, with an object per row and line."""
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
    named = zip(answer.columns, answer.types, strict=True)
    quoted = ('"{}"'.format(name.replace('"', '""')) for name, kind in named if kind in FLOATS)
    finite = ", ".join(f"CASE WHEN isfinite({name}) THEN {name} END AS {name}" for name in quoted)
    kept = answer.project(f"* REPLACE ({finite})") if finite else answer
    objects = kept.set_alias("answer_row").project("to_json(answer_row)::VARCHAR")
    lines = (line for (line,) in objects.iter_rows())
    # JSON itself escapes C0 only.
    yield from map(without_controls, lines) if sys.stdout.isatty() else lines


def print_table(answer: Answer, max_rows: int) -> None:
    """Print a table; on a terminal at most its width and `max_rows` rows."""
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
        lines = Table(box=None, show_header=False, padding=(0, GAP, 0, 0), pad_edge=False)
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
    table = Table(box=None, header_style="bold", padding=(0, GAP, 0, 0), pad_edge=False)
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
    needed = sum((column.min_width or 0) + GAP for column in table.columns)
    return table if needed <= width else None


def _cell(value: str | None) -> Text:
    if value is None:
        return Text("NULL", style="dim italic")
    line = without_controls(value).replace("\n", "↵")
    return Text(line, no_wrap=True, overflow="ellipsis")
