"""The commands that read the warehouse: `sql`, `schema`, `report` and `mcp`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console

from flows.cli.answer_formats import PRINTERS, print_table
from flows.cli.console import relations_view
from flows.cli.data_folder import readable_layout
from flows.cli.exit_status import Exit, fail, print_to_stderr
from flows.cli.options import DataFolder
from tasks.installation import settings_of
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
    from warehouse.read.query import user_query

    forms = [name for name, on in zip(PRINTERS, (as_csv, as_json, as_ndjson), strict=True) if on]
    if parquet and (forms or out):
        fail("--parquet stands alone: nothing is printed", Exit.WRONG_USAGE)
    if len(forms) > 1:
        fail("choose one of --csv, --json and --ndjson", Exit.WRONG_USAGE)
    text = _read_query(query, file)
    with user_query(readable_layout(data), text, parquet) as answer, _written_to(out):
        if answer is None:
            return
        statements = duckdb.extract_statements(text)
        queries = sum(each.type == duckdb.StatementType.SELECT for each in statements)
        if queries > 1:
            print_to_stderr(f"{queries} queries: the answer is that of the last", "WARNING")
        if parquet:
            answer.write_parquet(str(parquet.absolute()), compression="zstd")
        elif forms:
            PRINTERS[forms[0]](answer)
        else:
            print_table(answer, rows)


def _read_query(query: str | None, file: Path | None) -> str:
    """The text of the one query that is given, as an argument, in a file or on standard input."""
    if (query is None) == (file is None):
        why = "give one query: as an argument, by --file, or - and on standard input"
        fail(why, Exit.WRONG_USAGE)
    if not file:
        return sys.stdin.read() if query == "-" else query or ""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", Exit.WRONG_USAGE)
    except UnicodeDecodeError as error:
        fail(f"{file} cannot be read: not UTF-8 at byte {error.start}", Exit.WRONG_USAGE)


@contextmanager
def _written_to(path: Path | None) -> Iterator[None]:
    """Redirect standard output to this file, if one is given."""
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
    from warehouse.build.relation_descriptions import describe

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
    from tasks.report.page import write_report

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


def print_topics(layout: Layout) -> None:
    """Print how often each topic was mentioned, by source and day, and the paths of the files."""
    from tasks.report.topic_table import daily_report

    Console().print(daily_report(layout, is_local=settings_of().is_local))
    print(f"\nDuckDB file: {layout.current}")
    if layout.report.exists():
        print(f"Report:      {layout.report}")
