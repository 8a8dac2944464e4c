"""Reads the articles again and again in one engine; test_other_engines.py runs it as a process.

`python tests/upkeep/parquet_readers.py ENGINE DATA STOP`: a line a round, until the file STOP is
there. The line is a digest of all rows of the headline that no later load brings.
Needs nothing but the engine.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

HEADLINE = "A made headline"
COLUMNS = ["url_canonical", "version_no", "published_date", "body"]

Rows = Iterable[tuple[Any, ...]]


def articles(data: Path) -> list[str]:
    """The live files, from one reading of the manifest."""
    manifest = json.loads((data / "warehouse" / "current" / "manifest.json").read_bytes())
    return [str(data / file["path"]) for file in manifest["files"] if file["layer"] == "articles"]


def pyarrow(data: Path) -> Rows:
    import pyarrow as pa
    from pyarrow import dataset

    days = dataset.partitioning(pa.schema([("published_date", pa.date32())]), flavor="hive")
    files = dataset.dataset(articles(data), format="parquet", partitioning=days)
    wanted = dataset.field("headline") == HEADLINE
    table = files.to_table(columns=COLUMNS, filter=wanted)
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def polars(data: Path) -> Rows:
    import polars as pl

    days = {"published_date": pl.Date}
    files = pl.scan_parquet(articles(data), hive_schema=days, missing_columns="insert")
    rows: Rows = files.filter(pl.col("headline") == HEADLINE).select(COLUMNS).collect().rows()
    return rows


def duckdb(data: Path) -> Rows:
    import duckdb as engine

    with engine.connect() as con:
        con.execute(
            "SET VARIABLE paths = (SELECT list(? || '/' || file.path) FROM ("
            " SELECT unnest(files) AS file FROM read_json(?)) WHERE file.layer = 'articles')",
            [str(data), str(data / "warehouse" / "current" / "manifest.json")],
        )
        return con.execute(
            f"SELECT {', '.join(COLUMNS)} FROM read_parquet(getvariable('paths'),"
            " hive_partitioning = true, hive_types = {'published_date': DATE},"
            " union_by_name = true) WHERE headline = ?",
            [HEADLINE],
        ).fetchall()


def snapshot(data: Path) -> Rows:
    import duckdb as engine

    # Through `current` itself, one process's connections would all share the first one's snapshot.
    file = os.path.realpath(data / "warehouse" / "current" / "news.duckdb")
    with engine.connect(file, read_only=True) as con:
        return con.execute(
            "SELECT url_canonical, version_no, texts.published_date, body"
            " FROM article_version_texts AS texts"
            " JOIN article_versions USING (article_id, version_no)"
            " WHERE texts.headline = ?",
            [HEADLINE],
        ).fetchall()


ENGINES: dict[str, Callable[[Path], Rows]] = {
    "pyarrow": pyarrow,
    "polars": polars,
    "duckdb": duckdb,
    "snapshot": snapshot,
}


def digest(rows: Rows) -> str:
    """The number of rows, and a hash of them all."""
    lines = sorted("\t".join(map(str, row)) for row in rows)
    return f"{len(lines)} {sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"


def main(engine: str, data: Path, stop: Path) -> None:
    """Read until told to stop."""
    while not stop.exists():
        print(digest(ENGINES[engine](data)), flush=True)
        time.sleep(0.2)  # the fast engines wait for the slow ones, and leave them the cores


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
