"""Vintages of the attention index: kept as Parquet, since they cannot be rebuilt from the layers.

A vintage counts once it is published. `vintages/<relation>/as_of=<day>.parquet` is written then,
from the loader's file, and read by the next load whose file lacks it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.layers.atomic_write import sync, write_whole
from warehouse.layers.findings import Finding, LayersBroken, make_finding
from warehouse.layers.layout import Layout

# By UTC days and by local days, each with vintages of its own. The last relation of each pair
# decides which vintages exist; its files are written last and removed first.
RELATIONS = (("index_notes", "attention_index"), ("index_notes_local", "attention_index_local"))
# Days before its own that a vintage keeps once there is a newer one. All weeks and months stay.
RECENT_DAYS = 90
# Days before the newest vintage for which all vintages are kept; of earlier months only the last.
DAILY_DAYS = 60

Connection = duckdb.DuckDBPyConnection


def begin_vintage(con: Connection, layout: Layout, now: datetime) -> None:
    """Read the vintages that the loader's file lacks, and make `vintage_rules`.

    The index is computed only when counts changed, when vintages were read, or when today has none
    yet.
    """
    is_read = False
    for relations in RELATIONS:
        known = _vintages(con, relations[-1])
        for relation in relations:
            for day, path in _vintage_files(layout, relation).items():
                if day in known:
                    continue
                is_read = True
                try:
                    kept = _read_vintage(path)
                except (OSError, pa.ArrowException) as error:
                    raise LayersBroken([_damaged(path, error)]) from error
                con.execute(f"INSERT INTO {relation} BY NAME FROM kept")
                del kept
    con.execute(
        "CREATE OR REPLACE TEMP TABLE vintage_rules AS"
        " SELECT ?::DATE AS today, ?::INTEGER AS recent_days, ?::INTEGER AS daily_days,"
        " ?::BOOLEAN AS is_read",
        [now.astimezone(UTC).date(), RECENT_DAYS, DAILY_DAYS, is_read],
    )


def keep_vintages(con: Connection, layout: Layout) -> None:
    """Write the vintages of the loader's file and remove others; the caller holds the lock."""
    for relations in RELATIONS:
        kept = _vintage_files(layout, relations[-1])
        # Later loads of the same day replace the newest one.
        newest = max(kept, default=date.min)
        vintages = _vintages(con, relations[-1])
        for relation in relations:
            for day in sorted(vintages):
                if day >= newest or day not in kept:
                    _write(con, layout, relation, day)
        for relation in reversed(relations):
            for day, path in _vintage_files(layout, relation).items():
                if day not in vintages:
                    path.unlink()
                    sync(path.parent)


def _write(con: Connection, layout: Layout, relation: str, day: date) -> None:
    write_whole(_path(layout, relation, day), _parquet(_rows(con, relation, day)))


def _path(layout: Layout, relation: str, day: date) -> Path:
    return layout.vintages / relation / f"as_of={day}.parquet"


def write_vintage(con: Connection, layout: Layout, relation: str, day: date) -> bool:
    """Rewrite a day's vintage of a relation from a warehouse; return whether it has that day."""
    (relations,) = (each for each in RELATIONS if relation in each)
    if day not in _vintages(con, relations[-1]):
        return False
    for each in relations:
        _write(con, layout, each, day)
    return True


def _rows(con: Connection, relation: str, day: date) -> pa.Table:
    recent = f"period_kind <> 'day' OR period > as_of - {RECENT_DAYS}"
    where = recent if relation.startswith("attention_index") else "true"
    sql = f"FROM {relation} WHERE as_of = ? AND ({where}) ORDER BY ALL"
    return con.sql(sql, params=[day]).to_arrow_table()


def _parquet(rows: pa.Table, *, checksum: bool = True) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(rows, out, compression="zstd", write_page_checksum=checksum)
    return bytes(out.getvalue())


def _read_vintage(path: Path) -> pa.Table:
    """All rows of a file; OSError or ArrowException where it is damaged."""
    content = pa.BufferReader(path.read_bytes())
    return pq.ParquetFile(content, page_checksum_verification=True).read()


def _damaged(path: Path, error: Exception) -> Finding:
    return make_finding("vintage", path, f"is damaged: {' '.join(str(error).split())[:200]}")


def unreadable_vintages(layout: Layout) -> Iterator[Finding]:
    """Files of vintages whose pages are damaged."""
    for relation in chain(*RELATIONS):
        for path in _vintage_files(layout, relation).values():
            try:
                _read_vintage(path)
            except (OSError, pa.ArrowException) as error:
                yield _damaged(path, error)


def other_vintages(con: Connection, layout: Layout) -> Iterator[Finding]:
    """Files of vintages that are gone, damaged, or different from a snapshot's rows."""
    for relation in chain(*RELATIONS):
        for day in sorted(_vintages(con, relation)):
            path = _path(layout, relation, day)
            try:
                if not path.exists():
                    yield make_finding(
                        "vintage", path, "is not there, yet the warehouse has its rows"
                    )
                elif _differs(path, _rows(con, relation, day)):
                    yield make_finding("vintage", path, "is damaged: not what the warehouse has")
            except (OSError, pa.ArrowException) as error:
                yield _damaged(path, error)


def _differs(path: Path, rows: pa.Table) -> bool:
    """Whether a file has other rows, or other bytes than this version of Arrow writes for them."""
    # A file of an earlier version lacks the columns that are NULL in its rows.
    lacking = set(rows.column_names) - set(pq.read_schema(path).names)
    rows = rows.drop_columns([name for name in lacking if not rows[name].drop_null()])
    content, same = path.read_bytes(), _parquet(rows)
    by, ours = (pq.read_metadata(pa.BufferReader(data)).created_by for data in (content, same))
    if by == ours:
        return content not in (same, _parquet(rows, checksum=False))  # as 0.1.0 wrote it
    return not _read_vintage(path).equals(rows)


def _vintages(con: Connection, relation: str) -> set[date]:
    rows = con.execute(f"SELECT DISTINCT as_of FROM {relation}").fetchall()  # noqa: S608
    return {day for (day,) in rows}


def _vintage_files(layout: Layout, relation: str) -> dict[date, Path]:
    files = (layout.vintages / relation).glob("as_of=*.parquet")
    return {date.fromisoformat(path.stem.removeprefix("as_of=")): path for path in sorted(files)}
