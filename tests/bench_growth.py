"""An article's cost as the warehouse grows: `python -m tests.bench --only growth --plot FOLDER`.

Made articles, a thousand a day (`tests.made`): a warehouse that was loaded at once, then loads of
a day each, measured, and backfills of gold pages, from the WARC file to the tables; then it grows
to the next size, and so on. FOLDER gets growth.png.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import duckdb

from tasks import load as loading
from tasks.backfill.loading import Place
from tasks.backfill.selection import Selection
from tasks.report.style import Spec, complete, png
from tasks.settings import Settings, available_cores
from tests.bench_backfill import SHARDS, loaded, write
from tests.bench_warehouse import BYTES_AN_ARTICLE, NEW, Steps, load_run
from tests.made import write_days
from tests.made_rows import SOURCES
from tests.made_text import TOPICS
from warehouse.layout import Layout

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
SETTLING, LOADS = 3, 8
"""Loads after a bulk until a snapshot replaces one that differs by little, and measured ones.

DuckDB joins the rows of small loads every second, fourth and eighth time.
"""
BACKFILLS, PAGES = 3, 500
TITLE = "What an article costs as the warehouse grows"
STEPS = ("partition", "count", "marts", "checks", "copy")
HEAD = (
    "| articles in the warehouse | ms CPU a page, from WARC to tables"
    f" | of {NEW:,} new ones loaded, ms CPU an article | ms wall an article"
    f" | {' | '.join(f'{step}, ms CPU' for step in STEPS)} |\n|---|{'---|' * (3 + len(STEPS))}"
)


@dataclass(frozen=True)
class Point:
    """What an article cost at one size, in milliseconds."""

    articles: int
    """In the warehouse before."""
    page: float
    """CPU from the WARC file to the tables."""
    wall: float
    cpu: float
    """Of the load alone."""
    steps: dict[str, float]
    """CPU of its steps."""


def grow(layout: Layout, sizes: Sequence[int]) -> list[Point]:
    """Measure at each size, the warehouse growing from one to the next."""
    points, day = [], 0
    for number, size in enumerate(sizes):
        days = range(day, max(size // NEW, day + 1))
        write_days(layout, days, NEW)
        loading.load(layout, TOPICS, SOURCES)
        loading.publish(layout)
        day = days.stop
        loads = [load_run(layout, day + at) for at in range(SETTLING + LOADS)]
        pages = [backfill(layout, number * BACKFILLS + at) for at in range(BACKFILLS)]
        points.append(point(day * NEW, median(pages), loads[SETTLING:]))
        day += len(loads)
    return points


def backfill(layout: Layout, number: int) -> float:
    """Milliseconds of CPU for a page of a WARC file, the words of which no other number has."""
    place = Place(layout, SOURCES, TOPICS, Settings(data=layout.root), Selection())
    with tempfile.TemporaryDirectory() as name:
        warc = write(Path(name) / f"{number}.warc.gz", PAGES, 1, first=1 + number * PAGES)
        said = loaded(place, warc, warc.stat().st_size // SHARDS, PAGES)
    milliseconds = 1000 * float(said["cpu"]) / int(said["pages"])
    print(f"  backfill of {said['pages']} pages: {milliseconds:.2f} ms CPU a page")
    return milliseconds


def point(articles: int, page: float, loads: Sequence[Steps]) -> Point:
    """The means of some loads; seconds for a thousand articles are milliseconds for one."""
    wall, cpu = (mean(steps.seconds["whole"][at] for steps in loads) for at in (0, 1))
    parts = {name: mean(steps.seconds[name][1] for steps in loads) for name in STEPS}
    return Point(articles, page, wall, cpu, parts)


def table(points: Sequence[Point]) -> str:
    """A row a size."""
    rows = [HEAD]
    for one in points:
        cells = (one.page, one.cpu, one.wall, *one.steps.values())
        rows.append(f"| {one.articles:,} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return "\n".join(rows)


def plot(points: Sequence[Point]) -> Spec:
    """Two charts: of a page, all it costs; of its load, CPU by step and wall."""
    whole = _chart("ms CPU a page, from WARC to tables", [_lines(points, {"CPU": "page"})])
    areas = [
        {"size": one.articles, "ms": cost, "what": what}
        for one in points
        for what, cost in one.steps.items()
    ]
    area = {
        "data": {"values": areas},
        "mark": {"type": "area", "opacity": 0.7},
        "encoding": {"color": {"field": "what", "title": "CPU by step"}},
    }
    load = _chart("ms of it to load", [area, _lines(points, {"CPU": "cpu", "wall": "wall"})])
    look = {"padding": 16, "background": "@paper", "title": {"text": TITLE}}
    apart = {"legend": {"color": "independent", "strokeDash": "independent"}}
    return complete({**look, "vconcat": [whole, load], "resolve": apart})


def _lines(points: Sequence[Point], fields: dict[str, str]) -> Spec:
    """A line for each field, named."""
    values = [
        {"size": one.articles, "ms": getattr(one, field), "what": what}
        for one in points
        for what, field in fields.items()
    ]
    return {
        "data": {"values": values},
        "mark": {"type": "line", "point": True, "strokeWidth": 2},
        "encoding": {"strokeDash": {"field": "what", "title": None}},
    }


def _chart(title: str, layers: list[Spec]) -> Spec:
    x = {
        "field": "size",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "axis": {"title": "articles in the warehouse", "format": "~s", "grid": False},
    }
    y = {"field": "ms", "type": "quantitative", "title": title, "scale": {"zero": True}}
    encoding = {"x": x, "y": y}
    return {"width": 540, "height": 240, "encoding": encoding, "layer": layers}


def run(most: int = SIZES[-1], folder: Path | None = None) -> None:
    """Print the table of the sizes up to the largest, and write the plot into the folder."""
    print(f"a growing warehouse, {available_cores()} cores, DuckDB {duckdb.__version__}")
    with tempfile.TemporaryDirectory() as name:
        room = shutil.disk_usage(name).free
        fitting = [size for size in SIZES if size <= min(most, room // BYTES_AN_ARTICLE)]
        points = grow(Layout(Path(name)), fitting)
    print(table(points))
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "growth.png").write_bytes(png(plot(points)))
        print(f"{folder / 'growth.png'} shows it")
