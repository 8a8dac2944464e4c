"""Counting topics over Parquet files, on all cores where there is enough to count."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pyarrow as pa

from tasks.process_pool import WorkerPool, read_ahead
from tasks.progress import advance
from tasks.settings import available_cores
from tasks.topics.mentions import count
from tasks.topics.topic import Topic
from warehouse.layers.parquet import read_batches
from warehouse.layers.parquet_schemas import MENTION_SCHEMA

COLUMNS = (
    *("article_id", "version_no", "kicker", "headline", "standfirst", "body", "captions"),
    "section",
)
# Articles counted at a time: a megabyte or two of text, which reuses the same memory.
BATCH_ROWS = 512
MIN_BATCH_ROWS = 400  # Of small files, gathered before they are counted
PART_BYTES = 4_000_000  # Parquet counted by a process in one call; one file, if larger
# With less Parquet, one process is done before others would have started.
ONE_PROCESS_BYTES = 64_000_000
PARTS_AHEAD = 3  # Parts being counted or waiting to be read, per process: bounds the memory


def count_files(
    paths: Sequence[Path],
    topics: Sequence[Topic],
    versions: Mapping[str, int],
    processes: int | None = None,
) -> Iterator[pa.Table]:
    """Count topics over files of the articles layer: tables of MENTION_SCHEMA in their order.

    `versions` has the number of each topic's definition, by topic id; without `processes`, there is
    one for each core.
    """
    if not topics or not paths:
        return
    sizes = [path.stat().st_size for path in paths]
    parts: list[list[Path]] = []
    weight = 0
    for path, size in zip(paths, sizes, strict=True):
        if not parts or weight + size > PART_BYTES:
            parts.append([])
            weight = 0
        parts[-1].append(path)
        weight += size
    wanted = min(processes or available_cores(), len(parts))
    calls = [partial(_count_part, part, topics, versions) for part in parts]
    with ExitStack() as stack:
        if wanted < 2 or sum(sizes) < ONE_PROCESS_BYTES:
            tables: Iterator[pa.Table] = (call() for call in calls)
        else:
            # Without preloading the models for pages, the first result takes 0.5 s instead of 2 s.
            pool = WorkerPool(wanted, nice=0, preload=__name__)
            stack.callback(pool.close)
            counting = read_ahead(map(pool.submit, calls), wanted * PARTS_AHEAD)
            tables = (part.result() for part in counting)
        for number, table in enumerate(tables, 1):
            advance("parts of the articles counted", number, len(parts))
            yield table


def _count_part(
    paths: Sequence[Path], topics: Sequence[Topic], versions: Mapping[str, int]
) -> pa.Table:
    found = [MENTION_SCHEMA.empty_table()]
    gathered: list[pa.RecordBatch] = []
    for batch in read_batches(paths, COLUMNS, BATCH_ROWS):
        gathered.append(batch)
        if sum(part.num_rows for part in gathered) >= MIN_BATCH_ROWS:
            found.append(count(pa.Table.from_batches(gathered), topics, versions))
            gathered = []
    if gathered:
        found.append(count(pa.Table.from_batches(gathered), topics, versions))
    return pa.concat_tables(found)
