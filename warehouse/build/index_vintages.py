"""Vintages of the attention index: kept as Parquet, since they cannot be rebuilt from the layers.

A vintage counts once it is published. `vintages/<relation>/as_of=<day>.parquet` is written then,
from the loader's file, and read by the next load whose file lacks it.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.layers.atomic_write import sync, write_whole
from warehouse.layers.layout import Layout

# The last one decides which vintages exist; its files are written last and removed first.
RELATIONS = ("index_notes", "attention_index")
# Days before its own that a vintage keeps once there is a newer one. All weeks and months stay.
RECENT_DAYS = 90
# Days before the newest vintage of which every vintage is kept; before, each month's last one.
DAILY_DAYS = 60

Connection = duckdb.DuckDBPyConnection


def begin_vintage(con: Connection, layout: Layout, now: datetime) -> None:
    """Read the vintages that the loader's file lacks, and make `vintage_rules`.

    The index is computed only when counts changed, or when `is_open`: vintages were read, or today
    has none yet.
    """
    known, today = _vintages(con), now.astimezone(UTC).date()
    is_open = today != max(known, default=None)
    for relation in RELATIONS:
        paths = [str(path) for day, path in _kept(layout, relation).items() if day not in known]
        if paths:
            is_open = True
            con.execute(
                f"INSERT INTO {relation} BY NAME"
                " FROM read_parquet(?, union_by_name = true, hive_partitioning = false)",
                [paths],
            )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE vintage_rules AS"
        " SELECT ?::DATE AS today, ?::INTEGER AS recent_days, ?::INTEGER AS daily_days,"
        " ?::BOOLEAN AS is_open",
        [today, RECENT_DAYS, DAILY_DAYS, is_open],
    )


def keep_vintages(con: Connection, layout: Layout) -> None:
    """Write the vintages of the loader's file and remove others; the caller holds the lock."""
    kept = _kept(layout, RELATIONS[-1])
    # Later loads of the same day replace the newest one.
    newest = max(kept, default=date.min)
    vintages = _vintages(con)
    for relation in RELATIONS:
        for day in sorted(vintages):
            if day >= newest or day not in kept:
                path = layout.vintages / relation / f"as_of={day}.parquet"
                recent = f"period_kind <> 'day' OR period > as_of - {RECENT_DAYS}"
                where = recent if relation == RELATIONS[-1] else "true"
                sql = f"FROM {relation} WHERE as_of = ? AND ({where}) ORDER BY ALL"
                out = pa.BufferOutputStream()
                rows = con.sql(sql, params=[day]).to_arrow_table()
                pq.write_table(rows, out, compression="zstd")
                write_whole(path, bytes(out.getvalue()))
    for relation in reversed(RELATIONS):
        for day, path in _kept(layout, relation).items():
            if day not in vintages:
                path.unlink()
                sync(path.parent)


def _vintages(con: Connection) -> set[date]:
    return {day for (day,) in con.execute("SELECT DISTINCT as_of FROM attention_index").fetchall()}


def _kept(layout: Layout, relation: str) -> dict[date, Path]:
    files = (layout.vintages / relation).glob("as_of=*.parquet")
    return {date.fromisoformat(path.stem.removeprefix("as_of=")): path for path in sorted(files)}
