"""Parquet files of a layer: written once, whole, the same bytes for the same rows."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.layers.atomic_write import sync
from warehouse.layers.commits import CommittedFile
from warehouse.layers.layout import Layout

# Folder key of articles without a publication date; DuckDB reads it as NULL.
UNDATED = "__HIVE_DEFAULT_PARTITION__"
ROW_GROUP = 5_000
# Columns of unique values, for which a dictionary and statistics only cost space.
LONG_TEXTS = frozenset({"body"})
CONFIRMED_AT_ONCE = 4  # files forced to the disk at the same time: most of that is waiting
# A file to write: its folder, its layer, and what makes its rows.
Job = tuple[Path, str, Callable[[], pa.Table]]


@dataclass(frozen=True, slots=True)
class _Half:
    """A file that is written, and neither named nor forced to the disk."""

    path: Path
    run_id: str
    layer: str
    rows: int


def write_parquet(
    layout: Layout, run_id: str, folder: Path, layer: str, rows: Callable[[], pa.Table]
) -> CommittedFile:
    """Write rows to `folder/<run_id>.<start of their SHA-256>.parquet` and force it to the disk.

    The caller syncs the folder's parent when the folder is new.
    """
    return _confirmed(layout, _written(run_id, folder, layer, rows()))


def write_parquets(layout: Layout, run_id: str, jobs: Iterable[Job]) -> list[CommittedFile]:
    """Write several files of a run, a folder each: one by one, while the disk confirms the others.

    Written by four threads, the files of 3,660 pages took 100 MB more, which the C library kept in
    these threads' heaps for good, and a tenth more CPU.
    """
    with ThreadPoolExecutor(CONFIRMED_AT_ONCE) as pool:
        confirming = [
            pool.submit(_confirmed, layout, _written(run_id, folder, layer, rows()))
            for folder, layer, rows in jobs
        ]
        return [file.result() for file in confirming]


def _written(run_id: str, folder: Path, layer: str, table: pa.Table) -> _Half:
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".{run_id}.half"
    short = [name for name in _leaves(table.schema) if name not in LONG_TEXTS]
    pq.write_table(
        table,
        half,
        compression="zstd",
        compression_level=3,
        use_dictionary=short,
        write_statistics=short,
        row_group_size=ROW_GROUP,
    )
    return _Half(half, run_id, layer, table.num_rows)


def _confirmed(layout: Layout, half: _Half) -> CommittedFile:
    sync(half.path)
    with half.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    folder = half.path.parent
    path = folder / f"{half.run_id}.{digest[:12]}.parquet"
    if path.exists():
        half.path.unlink()
    else:
        half.path.rename(path)
    sync(folder)
    where = path.relative_to(layout.root).as_posix()
    return CommittedFile(where, half.layer, half.rows, path.stat().st_size, digest)


def _leaves(schema: pa.Schema) -> list[str]:
    """Parquet paths of the columns that hold values."""
    paths: list[str] = []
    for field in schema:
        if pa.types.is_list(field.type):
            paths.append(f"{field.name}.list.element")
        elif pa.types.is_struct(field.type):
            paths += (f"{field.name}.{inner.name}" for inner in field.type)
        else:
            paths.append(field.name)
    return paths


def read_batches(
    paths: Sequence[Path], columns: Sequence[str], rows: int
) -> Iterator[pa.RecordBatch]:
    """Read columns of many files of one layer, at most `rows` rows at a time.

    One file after the other in this thread: it costs half of what a dataset's threads do.
    """
    for path in paths:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield from file.iter_batches(rows, columns=list(columns), use_threads=False)
