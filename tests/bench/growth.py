"""An article's cost as the warehouse grows: `python -m tests.bench --only growth --plot FOLDER`.

Made articles, a thousand a day (`tests.support.build_layers`): a warehouse that was loaded at
once, then loads of a day each, measured, and backfills of as many gold pages as a run
has by default, from the WARC file to the tables; then it grows to the next size, and so
on. A machine's speed changes over minutes, so the same is done in turns with a warehouse
of a thousand articles. FOLDER gets growth.png.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import TypeVar

import duckdb

from tasks.backfill.selection import Selection
from tasks.backfill.shard_runs import Place
from tasks.load import load_run as loading
from tasks.report.chart_images import png
from tasks.report.chart_style import Spec, with_style
from tasks.settings import Limits, Settings, available_cores
from tests.bench.backfill import SHARDS, loaded, write
from tests.bench.memory import GOLD
from tests.bench.warehouse import BYTES_AN_ARTICLE, NEW, Steps, load_run
from tests.support.build_layers import write_days
from tests.support.build_rows import SOURCES
from tests.support.build_texts import TOPICS
from tests.support.publishing import publish
from warehouse.layers.layout import Layout

SIZES = (1_000, 30_000, 100_000, 1_000_000)
SETTLING, LOADS = 3, 16
"""Loads after a bulk until a snapshot replaces one that differs by little, and measured ones.

DuckDB joins the rows of small loads every second, fourth and eighth time.
"""
BACKFILLS = 2
PAGES = Limits().pages_a_run
T = TypeVar("T")
TITLE = "What an article costs as the warehouse grows"
STEPS = ("partition", "count", "marts", "checks", "copy")
HEAD = (
    "| articles in the warehouse | ms CPU a page, from WARC to tables | into 1,000 in turns"
    f" | a load of {NEW:,} new articles, ms CPU each | into 1,000 in turns | the costliest"
    f" | ms wall | {' | '.join(f'{step}, ms CPU' for step in STEPS)} |"
    f"\n|---|{'---|' * (6 + len(STEPS))}"
)


@dataclass(frozen=True)
class Cost:
    """What an article cost, in milliseconds."""

    page: float
    """CPU from the WARC file to the tables, of a backfilled one."""
    wall: float
    cpu: float
    """Of the load alone."""
    most: float
    """Of the costliest load."""
    steps: dict[str, float]
    """CPU of its steps."""


@dataclass(frozen=True)
class Point:
    """What an article cost at one size."""

    articles: int
    """In the warehouse before."""
    cost: Cost
    small: Cost
    """Into a thousand, at the same time."""


class Growing:
    """A warehouse that grows by days of articles."""

    def __init__(self, root: Path) -> None:
        self._layout, self._days = Layout(root), 0

    def fill(self, articles: int) -> int:
        """Load what is missing to so many articles, at least a day, at once; how many there are."""
        days = range(self._days, max(articles // NEW, self._days + 1))
        write_days(self._layout, days, NEW)
        loading.load(self._layout, TOPICS, SOURCES)
        publish(self._layout)
        self._days = days.stop
        return self._days * NEW

    def load(self) -> Steps:
        """Load a day."""
        self._days += 1
        return load_run(self._layout, self._days - 1)

    def backfill(self, warc: Path) -> float:
        """Milliseconds of CPU for a page of a WARC file, loaded as one run."""
        place = Place(self._layout, SOURCES, TOPICS, Settings(data=self._layout.root), Selection())
        said = loaded(place, warc, warc.stat().st_size // SHARDS, PAGES)
        return 1000 * float(said["cpu"]) / int(said["pages"])


def grow(folder: Path, sizes: Sequence[int]) -> list[Point]:
    """Measure at each size, the warehouse growing from one to the next."""
    large, points = Growing(folder / "large"), []
    for number, size in enumerate(sizes):
        articles, small = large.fill(size), Growing(folder / f"small-{size}")
        small.fill(SIZES[0])
        both = (large, small)
        loads = in_turns(both, [Growing.load] * (SETTLING + LOADS))[SETTLING:]
        warcs = (warc(folder, number * BACKFILLS + at) for at in range(BACKFILLS))
        pages = in_turns(both, (partial(Growing.backfill, warc=each) for each in warcs))
        costs = map(cost, zip(*pages, strict=True), zip(*loads, strict=True))
        points.append(Point(articles, *costs))
        print(table(points[-1:]))
    return points


def warc(folder: Path, number: int) -> Path:
    """A WARC file of a run's gold pages, whose words no file of another number has."""
    times = -(-PAGES // GOLD)
    return write(folder / "pages.warc.gz", GOLD, times, first=1 + number * times * GOLD)


def in_turns(
    both: tuple[Growing, Growing], measures: Iterable[Callable[[Growing], T]]
) -> list[tuple[T, ...]]:
    """Measure both again and again, the one first and then the other."""
    rounds = []
    for at, measure in enumerate(measures):
        found = {one: measure(one) for one in (both, both[::-1])[at % 2]}
        rounds.append(tuple(found[one] for one in both))
    return rounds


def cost(pages: Sequence[float], loads: Sequence[Steps]) -> Cost:
    """The means; seconds for a thousand articles are milliseconds for one."""
    wall, cpu = zip(*(steps.seconds["whole"] for steps in loads), strict=True)
    parts = {name: mean(steps.seconds[name][1] for steps in loads) for name in STEPS}
    return Cost(mean(pages), mean(wall), mean(cpu), max(cpu), parts)


def table(points: Sequence[Point]) -> str:
    """A row a size."""
    rows = [HEAD]
    for one in points:
        here, small = one.cost, one.small
        loads = (here.cpu, small.cpu, here.most, here.wall, *here.steps.values())
        cells = (here.page, small.page, *loads)
        rows.append(f"| {one.articles:,} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    return "\n".join(rows)


def plot(points: Sequence[Point]) -> Spec:
    """Two charts: of a page, all it costs; of a load, CPU by step; into a thousand, too."""
    whole = _chart("ms CPU a page, from WARC to tables", [_lines(points, "page")])
    areas = [
        {"size": one.articles, "ms": ms, "what": what}
        for one in points
        for what, ms in one.cost.steps.items()
    ]
    area = {
        "data": {"values": areas},
        "mark": {"type": "area", "opacity": 0.7},
        "encoding": {"color": {"field": "what", "title": "CPU by step"}},
    }
    load = _chart(f"ms CPU an article, loads of {NEW:,}", [area, _lines(points, "cpu")])
    look = {"padding": 16, "background": "@paper", "title": {"text": TITLE}}
    apart = {"legend": {"color": "independent", "strokeDash": "independent"}}
    return with_style({**look, "vconcat": [whole, load], "resolve": apart})


def _lines(points: Sequence[Point], field: str) -> Spec:
    """A figure into the warehouse of each size, and into the small one in turns."""
    values = [
        {"size": one.articles, "ms": getattr(each, field), "what": what}
        for one in points
        for what, each in (("into it", one.cost), ("into 1,000 in turns", one.small))
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
        points = grow(Path(name), fitting)
    print(table(points))
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "growth.png").write_bytes(png(plot(points)))
        print(f"{folder / 'growth.png'} shows it")
