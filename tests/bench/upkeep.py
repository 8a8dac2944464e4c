"""What compaction brings: `python -m tests.bench.upkeep --days N --articles N_A_DAY`.

Made data, a run an hour; a fifth of each run's articles are of the day before, as late pages are.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset

from tasks.load.load_run import rebuild_warehouse
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.retention import drop_snapshots
from tasks.upkeep.verification import verify
from tests.bench.warehouse import Steps
from tests.support.build_layers import write_file
from tests.support.build_rows import (
    FIRST_DAY,
    SOURCES,
    article_rows,
    articles_of,
    capture_rows,
    moment,
    stripped_rows,
)
from tests.support.build_texts import TOPICS, pool
from warehouse.build.article_texts_view import live_paths
from warehouse.layers.commits import Commit, write_commit
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import read_batches

HOURS = 24
DAYS, ARTICLES = 10, 1_200
LATE = 5
"""One of so many articles comes a day late."""
READ = "SELECT count(*), sum(length(body)) FROM read_parquet(?)"
ONE_DAY = "SELECT count(*), sum(length(body)) FROM article_texts WHERE published_date = ?"


def write_hours(layout: Layout, days: int, articles: int) -> None:
    """Write the Parquet layers and commits of a run an hour."""
    pool()
    with ThreadPoolExecutor(4) as writers:
        list(writers.map(lambda day: _write_day(layout, day, articles), range(days)))


def _write_day(layout: Layout, day: int, articles: int) -> None:
    dice = np.random.default_rng([day, 1])
    for hour in range(HOURS):
        start = moment(day) - timedelta(hours=HOURS - 1 - hour)
        run_id = f"{start:%Y%m%dT%H%M%SZ}-{day * HOURS + hour:06x}"
        files, captures, stripped = [], [], []
        for of, is_late in ((day, False), (day - 1, True)):
            numbers = np.arange(max(articles if of >= 0 else 0, 0))
            chosen = (numbers % HOURS == hour) & ((numbers // HOURS % LATE == 0) == is_late)
            made = articles_of(max(of, 0), articles).select(numbers[chosen])
            if not len(made):
                continue
            folder = layout.articles / f"published_date={FIRST_DAY + timedelta(days=of)}"
            rows = article_rows(run_id, made, dice, 1).drop_columns(["published_date"])
            files.append(write_file(layout, run_id, folder, rows))
            captures.append(capture_rows(run_id, made, 1))
            stripped.append(stripped_rows(run_id, made, 1))
        for folder, tables in ((layout.captures, captures), (layout.stripped_blocks, stripped)):
            files.append(write_file(layout, run_id, folder, pa.concat_tables(tables)))
        counts = {"made": {"article": sum(table.num_rows for table in captures)}}
        about = (start, start, "1", (), tuple(files), counts)
        write_commit(layout.commits, Commit(run_id, day * HOURS + hour + 1, "made", *about))


def measure(layout: Layout, title: str, days: int) -> None:
    """Files, bytes, and how long they take to read and to load."""
    steps = Steps()
    with steps.time("rebuild"):
        rebuild_warehouse(layout, TOPICS[:1], SOURCES)
    with duckdb.connect(str(layout.current.resolve()), read_only=True) as con:
        paths = [layout.root / path for path in live_paths(con)]
        rows = con.execute("SELECT count(DISTINCT path), sum(rows) FROM files").fetchall()[0]
        with steps.time("a day's texts in the snapshot"):
            con.execute(ONE_DAY, [FIRST_DAY + timedelta(days=days // 2)]).fetchall()
    with duckdb.connect() as con, steps.time("read in DuckDB"):
        con.execute(READ, [[str(path) for path in paths]]).fetchall()
    with steps.time("read in pyarrow"):
        sum(batch.num_rows for batch in read_batches(paths, ["headline", "body"], 10_000))
    size = sum(path.stat().st_size for path in paths)
    print(f"{title}: {rows[0]} files, {rows[1]} rows")
    print(f"  of articles: {len(paths)} files, {size / 1e6:.1f} MB")
    print(f"  wall (CPU) in s: {steps.line()}")


def measure_one(layout: Layout) -> None:
    """What a single file for all days would bring beyond that."""
    paths = [str(path) for path in sorted(layout.articles.glob("*/*.parquet"))]
    whole = layout.root / "whole.parquet"
    pq.write_table(dataset.dataset(paths).to_table(), whole, compression="zstd")
    steps = Steps()
    with duckdb.connect() as con, steps.time("read in DuckDB"):
        con.execute(READ, [[str(whole)]]).fetchall()
    print(f"all days in one file: {steps.line()}")


def run(days: int = DAYS, articles: int = ARTICLES) -> None:
    """Measure before and after."""
    print(f"upkeep of {days} days of {articles} made articles, a run an hour")
    with tempfile.TemporaryDirectory() as name:
        layout = Layout(Path(name))
        write_hours(layout, days, articles)
        measure(layout, "a file a run and day", days)
        keep_up(layout, moment(days + 2))
        measure(layout, "a file a day", days)
        measure_one(layout)
        steps = Steps()
        with steps.time("verification"):
            found = verify(layout)
        print(f"  {found.files} files, {found.checks} checks: {steps.line()}")


def keep_up(layout: Layout, now: datetime) -> None:
    """Compact, publish, and remove what was replaced."""
    steps = Steps()
    with steps.time("compaction"):
        done = compact(layout, now.date(), now=now)
    with steps.time("publishing"):
        publish_files(layout, now=now)
    drop_snapshots(layout, datetime.now(UTC))
    drop_retired(layout, now)
    print(f"  {done.files_before} files into {done.files_after}; {steps.line()}")


def main() -> None:
    """Measure what is asked for."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--days", type=int, default=DAYS)
    arguments.add_argument("--articles", type=int, default=ARTICLES)
    asked = arguments.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    run(asked.days, asked.articles)


if __name__ == "__main__":
    main()
