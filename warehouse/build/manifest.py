"""The manifest beside each snapshot: the live Parquet files, for readers other than DuckDB.

A reader reads `warehouse/current/manifest.json` once and opens the files that it lists. A file is
removed only when no snapshot lists it and its grace period is over.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import DocumentError, decode
from warehouse.layers.findings import REMEDIES
from warehouse.layers.layout import Layout
from warehouse.read.query import records

NAME = "manifest.json"
_LIVE = (
    "SELECT layer, path, sum(rows)::BIGINT AS rows, any_value(bytes) AS bytes,"
    " any_value(sha256) AS sha256,"
    r" nullif(regexp_extract(path, '/published_date=(\d{4}-\d{2}-\d{2})/', 1), '')"
    " AS published_date"
    " FROM files GROUP BY layer, path ORDER BY layer, path"
)


@dataclass(frozen=True, slots=True)
class _Document:
    load_no: int
    files: list[dict[str, Any]]


def manifest(con: duckdb.DuckDBPyConnection, load_no: int) -> bytes:
    """The manifest of a warehouse as JSON, one line per file."""
    # JSON is made in SQL: for 4,000 files Python took 20 ms.
    lines = con.execute(f"SELECT to_json(live)::VARCHAR FROM ({_LIVE}) AS live").fetchall()  # noqa: S608
    files = ",\n".join(line for (line,) in lines)
    return f'{{"format": 1, "load_no": {load_no}, "files": [{files}]}}'.encode()


def live_files(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The files that a warehouse was loaded from, each once, with the columns of `_LIVE`."""
    return records(con, _LIVE)


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """The files of a snapshot's manifest, as `live_files` gives them.

    OSError without one, DocumentError where it is damaged or another snapshot's.
    """
    path = folder / NAME
    document = decode(_Document, path.read_bytes(), path)
    number = folder.resolve().name.rpartition("-")[2]
    if number.isdecimal() and document.load_no != int(number):
        problem = f"is damaged: load {document.load_no} in the folder of load {number}"
        raise DocumentError(path, problem, REMEDIES["manifest"])
    return document.files


def listed_files(layout: Layout) -> set[str]:
    """Paths below the data folder that at least one snapshot lists."""
    listed: set[str] = set()
    for snapshot in layout.warehouse.glob("snapshot-*/news.duckdb"):
        # Snapshots of versions before the manifest get theirs here.
        if not snapshot.with_name(NAME).exists():
            with duckdb.connect(str(snapshot), read_only=True) as con:
                text = manifest(con, int(snapshot.parent.name.rpartition("-")[2]))
            write_whole(snapshot.with_name(NAME), text)
        listed.update(file["path"] for file in read_manifest(snapshot.parent))
    return listed
