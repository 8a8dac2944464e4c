"""The list of live Parquet files, for readers that are not DuckDB: one beside each snapshot.

A reader reads `warehouse/current/manifest.json` once and opens the files that it lists. A file is
removed only when no snapshot lists it any more and its time of grace is over.
"""

import json
import re
from pathlib import Path
from typing import Any

import duckdb

from warehouse.durable import write_whole
from warehouse.layout import Layout
from warehouse.query import records

FORMAT = 1
NAME = "manifest.json"
_DAY = re.compile(r"/published_date=(\d{4}-\d{2}-\d{2})/")
_LIVE = (
    "SELECT layer, path, sum(rows)::BIGINT AS rows, any_value(bytes) AS bytes,"
    " any_value(sha256) AS sha256 FROM files GROUP BY layer, path ORDER BY layer, path"
)


def write_manifest(snapshot: Path, load_no: int) -> Path:
    """Write the manifest of a snapshot's file into its folder, before readers see it."""
    with duckdb.connect(str(snapshot), read_only=True) as con:
        files = live_files(con)
    document = {"format": FORMAT, "load_no": load_no, "files": files}
    path = snapshot.with_name(NAME)
    # A line a file; with `indent` it would be encoded in Python, which takes ten times as long.
    write_whole(path, json.dumps(document).replace("}, {", "},\n{").encode())
    return path


def live_files(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The files that a warehouse was loaded from: layer, path, rows, bytes, sha256, published_date.

    A file of several runs is one.
    """
    return [row | {"published_date": _day(row["path"])} for row in records(con, _LIVE)]


def _day(path: str) -> str | None:
    found = _DAY.search(path)
    return found[1] if found else None


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """The files that a snapshot's manifest lists, as `live_files` does.

    Raises:
        OSError: the snapshot has none, having been published by an earlier version.
    """
    files: list[dict[str, Any]] = json.loads((folder / NAME).read_bytes())["files"]
    return files


def listed_files(layout: Layout) -> set[str]:
    """Paths below the data folder that any snapshot still lists."""
    listed: set[str] = set()
    for snapshot in layout.warehouse.glob("snapshot-*/news.duckdb"):
        if not snapshot.with_name(NAME).exists():
            write_manifest(snapshot, int(snapshot.parent.name.rpartition("-")[2]))
        listed.update(file["path"] for file in read_manifest(snapshot.parent))
    return listed
