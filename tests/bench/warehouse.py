"""The figures of a warehouse of many articles: `python -m tests.bench.warehouse --articles N ...`.

Made data (`tests.support.build_layers`), 20 sources and 20 topics over three years. Marts, checks
and the rest are timed inside the load itself.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from tasks.load import load_run as loading
from tasks.settings import available_cores
from tests.support.build_layers import DAYS, stage_run, write_layers
from tests.support.build_rows import SOURCES
from tests.support.build_texts import TOPICS
from tests.support.publishing import publish
from warehouse.build import loader, mart_refresh
from warehouse.build import publish as publishing
from warehouse.layers.layout import Layout
from warehouse.read.query import open_snapshot

SIZES = (10_000, 100_000, 1_000_000)
BYTES_AN_ARTICLE = 6_000
"""Disk that the layers, the writer's file and its snapshots take while it runs."""
NEW = 1_000
STEPS = {
    "read": (loader, "add_commits"),
    "partition": (loading, "partition"),
    "count": (loading, "count_topics"),
    "marts": (mart_refresh, "refresh"),
    "checks": (loading, "run_checks"),
    "copy": (publishing, "copy_over"),
}
LAYERS = ("articles", "captures", "stripped_blocks")
TOLD = ("partition", "count", "marts", "checks", "copy")
LOADS = (
    f"| {NEW:,} new articles into | wall s: least / median of five | CPU s: least / median"
    f" | {' | '.join(TOLD)} |\n|---|---|---|{'---|' * len(TOLD)}"
)
SHARES = (
    "SELECT topic_id, source_id, day, articles_with_mention / nullif(articles, 0) AS share"
    " FROM topic_daily"
)
CONTEXT = (
    "SELECT published_date, source_id, headline, context_left, matched_text, context_right"
    " FROM mentions JOIN articles USING (article_id, version_no)"
    " WHERE topic_id = 'huawei' AND published_date BETWEEN '2025-03-01' AND '2025-03-31'"
    " ORDER BY published_date"
)
READ = (
    "SELECT sum(length(headline) + length(standfirst) + length(body)) FROM"
    " read_parquet('{folder}/*/*.parquet')"
)


def cpu() -> float:
    """CPU seconds of this process and of those of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def cpu_with_pools() -> float:
    """The same where pools were at work and are closed: it ends the fork server, and counts it."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    return cpu()


class Steps:
    """Wall and CPU seconds by name, gathered from functions that are wrapped for it."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        wall, used = time.perf_counter(), cpu()
        try:
            yield
        finally:
            before = self.seconds.get(name, (0.0, 0.0))
            self.seconds[name] = (
                before[0] + time.perf_counter() - wall,
                before[1] + cpu() - used,
            )

    @contextmanager
    def within(self) -> Iterator[None]:
        """Time the steps of a load for as long as the body runs."""
        kept = {name: getattr(module, word) for name, (module, word) in STEPS.items()}
        for name, (module, word) in STEPS.items():
            setattr(module, word, self._timed(name, kept[name]))
        try:
            yield
        finally:
            for name, (module, word) in STEPS.items():
                setattr(module, word, kept[name])

    def _timed(self, name: str, work: Any) -> Any:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.time(name):
                return work(*args, **kwargs)

        return timed

    def line(self) -> str:
        """One line: wall (CPU) of each step."""
        parts = (f"{name} {wall:.2f} ({used:.2f})" for name, (wall, used) in self.seconds.items())
        return ", ".join(parts)


def rebuild(layout: Layout, articles: int) -> None:
    """Make the warehouse from Parquet with nineteen topics, and read that Parquet beside it."""
    steps = Steps()
    with steps.time("whole"), steps.within():
        loading.rebuild_warehouse(layout, TOPICS[:-1], SOURCES)
    told(f"rebuild of {articles}", steps, articles)
    reading = Steps()
    with reading.time("whole"), duckdb.connect() as con:
        con.execute(READ.format(folder=layout.articles)).fetchall()
    told("reading that Parquet with DuckDB", reading, articles)


def recount(layout: Layout, articles: int) -> None:
    """Add the twentieth topic, counted over all history."""
    steps = Steps()
    with steps.time("whole"), steps.within():
        loading.load(layout, TOPICS, SOURCES)
        publish(layout)
    told("recount for a twentieth topic", steps, articles)


def told(title: str, steps: Steps, articles: int) -> None:
    """Print the steps, and articles a second by wall and by core."""
    wall, used = steps.seconds["whole"]
    print(f"  {title}: {articles / wall:,.0f} articles a second, {articles / used:,.0f} a core")
    print(f"    wall (CPU) in s: {steps.line()}")


def load_new(layout: Layout, times: int = 5) -> list[Steps]:
    """Load and publish new articles, each time a run of its own."""
    return [load_run(layout, DAYS + number) for number in range(times)]


def load_run(layout: Layout, day: int) -> Steps:
    """Load and publish the new articles of a day, as a run of its own."""
    run, steps = stage_run(layout, NEW, day), Steps()
    with steps.time("whole"), steps.within():
        with steps.time("load"):
            loading.load(layout, TOPICS, SOURCES, [run])
        publish(layout)
    print(f"  load of {NEW} new articles, wall (CPU) in s: {steps.line()}")
    return steps


def load_row(articles: int, loads: Sequence[Steps]) -> str:
    """A row of the table of loads: least and median seconds, then the steps' median CPU seconds."""
    wall, used = zip(*(steps.seconds["whole"] for steps in loads), strict=True)
    parts = (median(steps.seconds[name][1] for steps in loads) for name in TOLD)
    cells = [f"{articles:,}", _spread(wall), _spread(used), *(f"{part:.2f}" for part in parts)]
    return f"| {' | '.join(cells)} |"


def _spread(seconds: Sequence[float]) -> str:
    return f"{min(seconds):.1f} / {median(seconds):.1f}"


def ask(layout: Layout) -> None:
    """Time the readers' questions, the best of five with the file in memory."""
    con = open_snapshot(layout)
    assert con is not None
    with con:
        for title, sql in (("daily share", SHARES), ("keyword in context", CONTEXT)):
            seconds = []
            for _ in range(5):
                start = time.perf_counter()
                rows = con.sql(sql).to_arrow_table().num_rows
                seconds.append(time.perf_counter() - start)
            print(f"  {title}: {min(seconds):.3f} s, first {seconds[0]:.3f} s, {rows} rows")


def sizes(layout: Layout, articles: int, pages: int = 0) -> None:
    """Print what lies on the disk, in all and for an article; the raw archive for a page."""
    layers = {
        name: sum(path.stat().st_size for path in (layout.root / name).rglob(pattern))
        for name, pattern in (("raw", "*.warc.gz"), *((name, "*.parquet") for name in LAYERS))
    }
    for name, size in (layers | {"DuckDB file": layout.current.stat().st_size}).items():
        count, one = (pages, "a page") if name == "raw" else (articles, "an article")
        if count:
            print(f"  {name}: {size / 1e6:.1f} MB, {size / 1e3 / count:.2f} kB {one}")


def measure(articles: int, folder: Path) -> str:
    """All figures of one size; its row in the table of loads."""
    layout = Layout(folder / f"made-{articles}")
    with_text = Steps()
    with with_text.time("made"):
        write_layers(layout, articles)
    print(f"{articles:,} articles, {with_text.line()}")
    rebuild(layout, articles)
    recount(layout, articles)
    row = load_row(articles, load_new(layout))
    ask(layout)
    sizes(layout, articles)
    shutil.rmtree(layout.root)
    return row


def run(chosen: Sequence[int] = SIZES) -> None:
    """Measure each size for which there is room on the disk."""
    print(f"warehouse of made articles, {available_cores()} cores, DuckDB {duckdb.__version__}")
    rows = [LOADS]
    with tempfile.TemporaryDirectory() as name:
        for articles in chosen:
            room = shutil.disk_usage(name).free
            if room < articles * BYTES_AN_ARTICLE:
                print(f"{articles:,} articles: left out, {room / 1e9:.1f} GB free")
                continue
            rows.append(measure(articles, Path(name)))
    print(*rows, sep="\n")


def main() -> None:
    """Measure the sizes asked for."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--articles", type=int, nargs="*", default=SIZES)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    run(arguments.parse_args().articles)


if __name__ == "__main__":
    main()
