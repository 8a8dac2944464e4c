"""Counting topics over Parquet files, on all cores where there is enough to count."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from tasks.process_pool import WorkerPool, ahead
from tasks.progress import advance
from tasks.settings import available_cores
from tasks.topics.mentions import count
from tasks.topics.topic import Topic
from warehouse.layers.parquet import read_batches
from warehouse.layers.parquet_schemas import MENTION_SCHEMA

COLUMNS = ("article_id", "version_no", "headline", "standfirst", "body", "captions")
ROWS_AT_ONCE = 512
"""Articles counted at a time: a megabyte or two of text, for which no memory is asked anew."""
ENOUGH_ROWS = 400
"""Of small files, gathered before they are counted."""
PART_BYTES = 4_000_000
"""Parquet counted by a process in one call; one file, if larger."""
FEW_BYTES = 64_000_000
"""Below so much Parquet, one process is done before others would have started."""
PARTS_AHEAD = 3
"""Parts handed out or waiting to be taken, for each process: bounds the memory."""


def count_files(
    paths: Sequence[Path],
    topics: Sequence[Topic],
    versions: Mapping[str, int],
    processes: int | None = None,
) -> Iterator[pa.Table]:
    """Count topics over all articles of the files.

    Args:
        paths: Parquet files of the articles layer.
        topics: What to count.
        versions: The number of each topic's definition, by topic id.
        processes: How many may work at it; None is one for each core.

    Yields:
        Tables of MENTION_SCHEMA, in the order of the files.
    """
    if not topics or not paths:
        return
    sizes = [path.stat().st_size for path in paths]
    parts = list(_parts(paths, sizes))
    wanted = min(processes or available_cores(), len(parts))
    if wanted < 2 or sum(sizes) < FEW_BYTES:
        tables: Iterable[pa.Table] = (_count_part(part, topics, versions) for part in parts)
    else:
        tables = _side_by_side(parts, topics, versions, wanted)
    for number, table in enumerate(tables, 1):
        advance("parts of the articles counted", number, len(parts))
        yield table


def _parts(paths: Iterable[Path], sizes: Iterable[int]) -> Iterator[list[Path]]:
    part: list[Path] = []
    weight = 0
    for path, size in zip(paths, sizes, strict=True):
        if part and weight + size > PART_BYTES:
            yield part
            part, weight = [], 0
        part.append(path)
        weight += size
    if part:
        yield part


def _side_by_side(
    parts: Iterable[list[Path]],
    topics: Sequence[Topic],
    versions: Mapping[str, int],
    processes: int,
) -> Iterator[pa.Table]:
    pool = WorkerPool(processes, nice=0)
    try:
        counting = (pool.submit(partial(_count_part, part, topics, versions)) for part in parts)
        for part in ahead(counting, processes * PARTS_AHEAD):
            yield part.result()
    finally:
        pool.close()


def _count_part(
    paths: Sequence[Path], topics: Sequence[Topic], versions: Mapping[str, int]
) -> pa.Table:
    found = [MENTION_SCHEMA.empty_table()]
    gathered: list[pa.RecordBatch] = []
    for batch in read_batches(paths, COLUMNS, ROWS_AT_ONCE):
        gathered.append(batch)
        if sum(part.num_rows for part in gathered) >= ENOUGH_ROWS:
            found.append(count(pa.Table.from_batches(gathered), topics, versions))
            gathered = []
    if gathered:
        found.append(count(pa.Table.from_batches(gathered), topics, versions))
    return pa.concat_tables(found)
