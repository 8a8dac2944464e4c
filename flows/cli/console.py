"""Terminal output: log lines and progress bars of a run, and the tables of some commands."""

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.logging import RichHandler
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.progress import TaskID as BarId
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from flows.runs.json_logs import JsonFormatter, is_json
from flows.runs.run_log import PROJECT_LOGGERS, clean_record
from tasks.text.control_characters import without_controls
from tasks.text.counted import counted, shown_minutes
from warehouse.build.relation_descriptions import Relation
from warehouse.read.poll_intervals import PollInterval
from warehouse.read.source_health import SourceHealth


@contextmanager
def show_progress(*, quiet: bool = False) -> Iterator[None]:
    """Show the log on standard error, with progress bars when that is a terminal."""
    console = Console(stderr=True)
    shown: logging.Handler = logging.StreamHandler(sys.stderr)
    shown.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    bars = Progress(disable=True)
    if is_json():
        shown.setFormatter(JsonFormatter())
    elif sys.stderr.isatty():
        bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        shown = RichHandler(console=console, show_path=False, show_level=False)
    shown.setLevel(logging.WARNING if quiet else logging.INFO)
    shown.addFilter(clean_record)
    lines = [_handled_only_by(name, shown, logging.INFO) for name in PROJECT_LOGGERS]
    with (
        bars,
        _handled_only_by("tasks.progress", BarHandler(bars), logging.DEBUG),
        ExitStack() as stack,
    ):
        for line in lines:
            stack.enter_context(line)
        yield


@contextmanager
def _handled_only_by(name: str, handler: logging.Handler, level: int) -> Iterator[None]:
    """Send a logger's records to this handler only."""
    logger = logging.getLogger(name)
    before = logger.level, logger.propagate
    logger.setLevel(level)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class BarHandler(logging.Handler):
    """Draws a progress bar for each step that `tasks.progress.advance` reports."""

    def __init__(self, bars: Progress) -> None:
        super().__init__(logging.DEBUG)
        self._bars = bars
        self._ids: dict[str, BarId] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Move the bar of the record's step."""
        step = getattr(record, "step", None)
        if step is None:
            return
        if step not in self._ids:
            self._ids[step] = self._bars.add_task(step, total=None)  # the default is 100
        done, total = record.__dict__["done"], record.__dict__["total"]
        self._bars.update(self._ids[step], completed=done, total=total)


def printable(text: str, style: str = "") -> Text:
    """A text for a terminal as it is: no control characters, no markup of rich."""
    return Text(without_controls(text), style=style)


def ledger_view(
    text: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> RenderableType:
    """What a run did, in words, and the rows of its ledger; the first column holds numbers."""
    table = Table(box=None)
    for column in columns:
        table.add_column(column, justify="right" if column == columns[0] else "left")
    for row in rows:
        table.add_row(f"{row[columns[0]]:,}", *(row[column] for column in columns[1:]))
    return Group(printable(text), table)


def health_view(sources: Iterable[SourceHealth], intervals: Mapping[str, PollInterval]) -> Table:
    """A row for each source: its state and the reason, how often it is asked and when next."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("source", style="cyan", no_wrap=True)
    for column in ("state", "last read", "due", "every", "last new article", "failures", "why"):
        table.add_column(column, overflow="fold")
    for source in sources:
        interval = intervals.get(source.source_id) if source.state != "retired" else None
        due_at = interval.due_at if interval else None
        if due_at and source.open_until:
            due_at = max(due_at, source.open_until)
        moments = (source.last_success_at, due_at, source.last_new_article_at)
        read, due, new = (f"{at:%Y-%m-%d %H:%M}" if at else "-" for at in moments)
        every = shown_minutes(interval.interval_minutes) if interval else "-"
        failures = str(source.failures_in_a_row or "")
        about = (source.state, read, due, every, new, failures, printable(source.why))
        table.add_row(source.source_id, *about)
    return table


def losses_view(sources: Iterable[SourceHealth]) -> Group:
    """A line for each source that was not collected as a whole, worst first."""
    losing = [source for source in sources if source.losses and source.state != "retired"]
    losing.sort(key=lambda source: -(source.estimated_lost or 0))
    lines = [
        Text.assemble((source.source_id, "cyan"), ": ", printable(source.losses))
        for source in losing
    ]
    return Group(*([Text("\nNot collected as a whole", style="bold"), *lines] if lines else []))


def relations_view(relations: Sequence[Relation], *, whole: bool) -> RenderableType:
    """The description of each relation; with `whole`, of its columns too."""
    parts: list[RenderableType] = []
    for group, members in groupby(relations, key=lambda relation: relation.group):
        parts.append(Text(f"\n{group}", style="bold"))
        for relation in members:
            signature = relation.name
            if relation.kind == "macro":
                signature += f"({', '.join(column.name for column in relation.columns)})"
            about = relation.kind if relation.rows is None else counted(relation.rows, "row")
            parts.append(Text.assemble("  ", (signature, "cyan"), (f"  {about}", "dim")))
            parts.append(Padding(Text(relation.comment or ""), (0, 0, 0, 4)))
            if not whole:
                continue
            table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
            table.add_column("column", style="cyan", no_wrap=True)
            table.add_column("type", style="dim", overflow="fold", max_width=24)
            table.add_column("what it holds", overflow="fold")
            # A macro's columns are its parameters, which its signature names.
            for column in relation.columns if relation.kind != "macro" else ():
                table.add_row(column.name, column.type, column.comment)
            parts.append(Padding(table, (1, 0, 0, 4)))
    if not whole:
        parts.append(Text("\nThe columns of one: presswatch schema NAME", style="dim"))
    return Group(*parts)


def page_view(path: Path, record: Mapping[str, Any]) -> RenderableType:
    """A page for a terminal: what is kept, then what was stripped, with kind and rule."""
    parts: list[RenderableType] = [Rule(str(path), align="left")]
    if record["rejection"]:
        parts.append(Text(f"rejected: {record['rejection']}", style="bold yellow"))
    for name, value in record.items():
        if value and name not in ("headline", "body", "stripped", "rejection"):
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            parts.append(Text.assemble((f"{name}: ", "dim"), (shown, "cyan")))
    parts.append(Text(f"\n{record['headline'] or ''}", style="bold"))
    parts.append(Text(f"\n{record['body']}\n", style="green"))
    for block in record["stripped"]:
        why = f"{block['position']:4} {block['kind']} {block['rule']}  "
        parts.append(Text.assemble((why, "dim"), (block["text"], "red")))
    return Group(*parts)
