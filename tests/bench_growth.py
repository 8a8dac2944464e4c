"""What a load costs as the warehouse grows: `python -m tests.bench --only growth --plot FOLDER`.

Made articles, a thousand a day (`tests.made`): a warehouse that was loaded at once, then loads of
a day each, measured; then it grows to the next size, and so on. FOLDER gets growth.png.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

from tasks import load as loading
from tasks.report.style import Spec, complete, png
from tasks.settings import available_cores
from tests.bench_warehouse import BYTES_AN_ARTICLE, NEW, Steps, load_run
from tests.made import write_days
from tests.made_rows import SOURCES
from tests.made_text import TOPICS
from warehouse.layout import Layout

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
SETTLING, LOADS = 3, 3
"""Loads after a bulk until a snapshot replaces one that differs by little, and measured ones."""
STEPS = ("partition", "count", "marts", "checks", "copy")
HEAD = (
    f"| {NEW:,} new articles into | ms CPU an article | ms wall an article"
    f" | {' | '.join(f'{step}, ms CPU' for step in STEPS)} |\n|---|---|---|{'---|' * len(STEPS)}"
)


@dataclass(frozen=True)
class Point:
    """What a load cost at one size: seconds are medians."""

    articles: int
    """In the warehouse before these loads."""
    wall: float
    cpu: float
    steps: dict[str, float]
    """CPU seconds by step."""


def grow(layout: Layout, sizes: Sequence[int]) -> list[Point]:
    """Measure loads at each size, the warehouse growing from one to the next."""
    points, day = [], 0
    for size in sizes:
        days = range(day, max(size // NEW, day + 1))
        write_days(layout, days, NEW)
        loading.load(layout, TOPICS, SOURCES)
        loading.publish(layout)
        day = days.stop
        loads = [load_run(layout, day + at) for at in range(SETTLING + LOADS)]
        points.append(point(day * NEW, loads[SETTLING:]))
        day += len(loads)
    return points


def point(articles: int, loads: Sequence[Steps]) -> Point:
    """The medians of some loads."""
    wall, cpu = (median(steps.seconds["whole"][at] for steps in loads) for at in (0, 1))
    parts = {name: median(steps.seconds[name][1] for steps in loads) for name in STEPS}
    return Point(articles, wall, cpu, parts)


def table(points: Sequence[Point]) -> str:
    """A row a size; seconds for a thousand articles are milliseconds for one."""
    rows = [HEAD]
    for one in points:
        cells = (one.cpu, one.wall, *one.steps.values())
        rows.append(f"| {one.articles:,} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return "\n".join(rows)


def plot(points: Sequence[Point]) -> Spec:
    """Cost an article by size: CPU and wall as lines, the steps' CPU as an area below."""
    lines = [
        {"size": one.articles, "ms": seconds, "what": what}
        for one in points
        for what, seconds in (("CPU", one.cpu), ("wall", one.wall))
    ]
    areas = [
        {"size": one.articles, "ms": seconds, "what": what}
        for one in points
        for what, seconds in one.steps.items()
    ]
    x = {
        "field": "size",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "axis": {"title": "articles in the warehouse", "format": "~s", "grid": False},
    }
    y = {"field": "ms", "type": "quantitative", "title": "ms for one of 1,000 new articles"}
    line = {
        "data": {"values": lines},
        "mark": {"type": "line", "point": True, "strokeWidth": 2},
        "encoding": {"x": x, "y": y, "strokeDash": {"field": "what", "title": None}},
    }
    area = {
        "data": {"values": areas},
        "mark": {"type": "area", "opacity": 0.7},
        "encoding": {"x": x, "y": y, "color": {"field": "what", "title": "CPU by step"}},
    }
    title = {"text": "What a load costs as the warehouse grows"}
    size = {"width": 540, "height": 300, "padding": 16, "background": "@paper"}
    return complete({"title": title, **size, "layer": [area, line]})


def run(most: int = SIZES[-1], folder: Path | None = None) -> None:
    """Print the table of the sizes up to the largest, and write the plot into the folder."""
    print(f"loads into a growing warehouse, {available_cores()} cores, DuckDB {duckdb.__version__}")
    with tempfile.TemporaryDirectory() as name:
        room = shutil.disk_usage(name).free
        fitting = [size for size in SIZES if size <= min(most, room // BYTES_AN_ARTICLE)]
        points = grow(Layout(Path(name)), fitting)
    print(table(points))
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "growth.png").write_bytes(png(plot(points)))
        print(f"{folder / 'growth.png'} shows it")
