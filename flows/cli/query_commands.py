"""The commands that read the warehouse: `sql`, `schema`, `report` and `health`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.cli.console import relations_view
from flows.cli.exit_codes import Exit, fail, reported_errors
from flows.cli.options import DataFolder
from flows.cli.query_output import PRINTERS, print_table
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
    rows: Annotated[
        int, typer.Option(min=0, help="Rows that a terminal shows; 0 shows all.")
    ] = 200,
) -> None:
    """Query the current snapshot, read-only."""
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
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{file} cannot be read: {error}", Exit.WRONG_USAGE)
    with reported_errors(), asked(layout_of(data), text) as answer:
        if answer is None:
            return
        if parquet:
            answer.write_parquet(str(parquet), compression="zstd")
        elif forms:
            PRINTERS[forms[0]](answer)
        else:
            print_table(answer, rows)


def schema(
    relation: Annotated[str | None, typer.Argument(help="A table, view or macro.")] = None,
    data: DataFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Describe each table, view and column of the warehouse."""
    from warehouse.build.relations import describe

    found = describe(layout_of(data))
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

    layout = layout_of(data)
    if table:
        print_topics(layout)
        return
    with reported_errors():
        write_report(layout, out or layout.report)
    print(out or layout.report)


def health(data: DataFolder = None) -> None:
    """Show which sources fail, are skipped, or have fallen silent."""
    from flows.cli.console import health_view
    from warehouse.read.query import snapshot
    from warehouse.read.source_health import source_health

    layout = layout_of(data)
    with reported_errors(), snapshot(layout):
        Console().print(health_view(source_health(layout).values()))


def print_topics(layout: Layout) -> None:
    """Print how often each topic was mentioned, by source and day, and the paths of the files."""
    from tasks.report import daily_report

    with reported_errors():
        Console().print(daily_report(layout))
    print(f"\nDuckDB file: {layout.current}")
    if layout.report.exists():
        print(f"Report:      {layout.report}")


def layout_of(data: Path | None) -> Layout:
    """The data folder, or the environment's; a local copy when its store does not answer."""
    from flows.installation import open_layout, settings_of
    from warehouse.store.objects import StoreError

    with reported_errors():
        settings = settings_of(data=data) if data else settings_of()
        try:
            return open_layout(settings)
        except StoreError as error:
            layout = Layout(settings.data)
            if not layout.current.exists():
                raise
            print(f"{error}; reading the local copy", file=sys.stderr)
            return layout
