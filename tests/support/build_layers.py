"""A made installation of any size, as if ingested day by day over three years.

`write_layers` writes the Parquet files and commits itself: extraction would take hours for a
million articles. `stage_run` stages one run more for `tasks.load.load_run.load`.
"""

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.model import Batch
from tasks.partition.partitions import Run
from tests.support.build_rows import (
    FIRST_DAY,
    REJECTED,
    article_rows,
    articles_of,
    capture_rows,
    moment,
    other_captures,
    run_id_of,
    stripped_rows,
)
from tests.support.build_texts import pool
from warehouse.layers.commits import Commit, CommittedFile, write_commit
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import write_parquet
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, CAPTURE_SCHEMA, STRIPPED_SCHEMA

DAYS = 1_096
REVISED = 0.02
"""Share of a day's articles that the next day's run finds changed."""


def write_layers(layout: Layout, articles: int, days: int = DAYS, seed: int = 7) -> None:
    """Write the Parquet layers and the commits of one run a day."""
    share, rest = divmod(articles, days)
    counts = [share + (day < rest) for day in range(days)]

    def write(day: int) -> None:
        _write_run(layout, day, counts[day], counts[day - 1] if day else 0, seed)

    pool()
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as writers:
        list(writers.map(write, range(days)))


def write_days(layout: Layout, days: range, articles: int, seed: int = 7) -> None:
    """Write the layers and the commits of these days, a run and so many articles each."""

    def write(day: int) -> None:
        _write_run(layout, day, articles, articles if day else 0, seed)

    pool()
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as writers:
        list(writers.map(write, days))


def _write_run(layout: Layout, day: int, count: int, earlier: int, seed: int) -> None:
    """One day's new articles, and new versions of some of the day before."""
    dice = np.random.default_rng([seed, day, 1])
    run_id = run_id_of(day)
    old = articles_of(day - 1, earlier, seed) if day else articles_of(0, 0)
    revised = old.select(np.flatnonzero(dice.random(earlier) < REVISED))
    files: list[CommittedFile] = []
    captured = [other_captures(run_id, day, int(count * REJECTED), dice)]
    stripped = []
    for version_no, made in ((1, articles_of(day, count, seed)), (2, revised)):
        if len(made):
            rows = article_rows(run_id, made, dice, version_no).drop_columns(["published_date"])
            captured.append(capture_rows(run_id, made, version_no))
            stripped.append(stripped_rows(run_id, made, version_no))
            date = FIRST_DAY + timedelta(days=day + 1 - version_no)
            files.append(
                write_file(layout, run_id, layout.articles / f"published_date={date}", rows)
            )
    files.append(write_file(layout, run_id, layout.captures, pa.concat_tables(captured)))
    files.append(write_file(layout, run_id, layout.stripped_blocks, pa.concat_tables(stripped)))
    write_commit(layout.commits, _commit(run_id, day, files, captured))


def write_file(layout: Layout, run_id: str, folder: Path, rows: pa.Table) -> CommittedFile:
    """Write a run's rows into a folder of their layer."""
    layer = folder.relative_to(layout.root).parts[0]
    return write_parquet(layout, run_id, folder, layer, rows.combine_chunks)


def _commit(run_id: str, day: int, files: list[CommittedFile], captured: list[pa.Table]) -> Commit:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    by_outcome = pa.concat_tables(captured).group_by(["source_id", "outcome"])
    for row in by_outcome.aggregate([([], "count_all")]).to_pylist():
        counts[row["source_id"]][row["outcome"]] = row["count_all"]
    warcs = (f"raw/made/{run_id}.warc.gz",)
    start = moment(day)
    return Commit(run_id, day + 1, "made", start, start, "1", warcs, tuple(files), dict(counts))


def stage_run(layout: Layout, articles: int, day: int = DAYS, seed: int = 7) -> Run:
    """Stage one run more, as the refining step leaves it: the new articles of a later day."""
    run_id, made = run_id_of(day), articles_of(day, articles, seed)
    dice = np.random.default_rng([seed, day, 1])
    others = other_captures(run_id, day, int(articles * REJECTED), dice)
    captures = pa.concat_tables([others, capture_rows(run_id, made)]).drop_columns(["url_keys"])
    folder = layout.stage / run_id / "made"
    folder.mkdir(parents=True, exist_ok=True)
    rows = article_rows(run_id, made, dice)
    _stage(folder / "articles.arrow", rows, ARTICLE_SCHEMA)
    _stage(folder / "captures.arrow", captures, CAPTURE_SCHEMA)
    _stage(folder / "stripped_blocks.arrow", stripped_rows(run_id, made), STRIPPED_SCHEMA)
    batch = Batch(run_id, "made", layout.raw / "made" / f"{run_id}.warc.gz", folder)
    return Run(run_id, (batch,), "made", moment(day), moment(day), "1")


def _stage(path: Path, rows: pa.Table, schema: pa.Schema) -> None:
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, schema) as writer:
        writer.write_table(rows.combine_chunks())
