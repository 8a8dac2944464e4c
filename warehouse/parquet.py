"""Parquet files of a layer: written once, whole, the same bytes for the same rows."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.commits import CommittedFile
from warehouse.durable import sync
from warehouse.layout import Layout

UNDATED = "__HIVE_DEFAULT_PARTITION__"
"""Folder key of articles without a publication date; DuckDB reads it as NULL."""
ROW_GROUP = 5_000
LONG_TEXTS = frozenset({"body"})
"""Columns in which no two values are alike: a dictionary and statistics only cost space there."""


def write_parquet(
    layout: Layout, run_id: str, folder: Path, layer: str, rows: Callable[[], pa.Table]
) -> CommittedFile:
    """Write rows to `folder/<run_id>.<start of their SHA-256>.parquet` and force it to the disk.

    The caller syncs the folder's parent when the folder is new.
    """
    table = rows()
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".{run_id}.half"
    _write(table, half)
    digest = _sha256(half)
    path = folder / f"{run_id}.{digest[:12]}.parquet"
    if path.exists():
        half.unlink()
    else:
        half.rename(path)
    sync(folder)
    where = path.relative_to(layout.root).as_posix()
    return CommittedFile(where, layer, table.num_rows, path.stat().st_size, digest)


def _write(table: pa.Table, path: Path) -> None:
    short = [name for name in _leaves(table.schema) if name not in LONG_TEXTS]
    with path.open("wb") as out:
        pq.write_table(
            table,
            out,
            compression="zstd",
            compression_level=3,
            use_dictionary=short,
            write_statistics=short,
            row_group_size=ROW_GROUP,
        )
        out.flush()
        os.fsync(out.fileno())


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


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def read_batches(
    paths: Sequence[Path], columns: Sequence[str], rows: int
) -> Iterator[pa.RecordBatch]:
    """Read columns of many files of one layer, at most `rows` rows at a time.

    One file after the other in this thread: it costs half of what a dataset's threads do.
    """
    for path in paths:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield from file.iter_batches(rows, columns=list(columns), use_threads=False)
