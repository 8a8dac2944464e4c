"""How far long work is, on a terminal."""

import io
import logging

import pytest
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn

from flows.cli.console import BarHandler


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([(1, None), (250, None)], "refined 250/?"),
        ([(1, 300), (250, 300)], "refined 250/300"),
        ([(3, 3), (1, 40)], "refined  1/40"),
    ],
)
def test_a_bar_never_shows_more_than_all(counts: list[tuple[int, int | None]], shown: str) -> None:
    console = Console(file=io.StringIO(), width=60)
    bars = Progress(TextColumn("{task.description}"), MofNCompleteColumn(), console=console)
    handler = BarHandler(bars)
    for done, total in counts:
        handler.emit(logging.makeLogRecord({"step": "refined", "done": done, "total": total}))
    console.print(bars.get_renderable())
    out = console.file
    assert isinstance(out, io.StringIO)
    assert out.getvalue().strip() == shown
