"""Archive files that are damaged or gone: unreadable records are noted, all others are kept."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tasks.archive.any_warc_records import Record, read_records
from tasks.archive.read import read_archive_damage
from tasks.archive.warc_records import GZIP
from tasks.model import Damage
from tasks.upkeep.repair.databases import records_of
from tasks.upkeep.repair.quarantine import keep_copy
from tasks.upkeep.repair.report import Repaired
from warehouse.layers.commits import warc_name
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import (
    DAMAGED,
    download_archive,
    given_up_offsets,
    removed_archives,
    write_removed,
)

_PAYLOADS = frozenset({"response", "resource"})


def repair_archive(layout: Layout, path: Path, done: Repaired) -> None:
    """Note the unreadable parts of an archive file, so that nothing reads them any more.

    The bytes of damaged records are copied into the quarantine, and the file stays as it is; a file
    without readable captures of its run is moved there. Rows in Parquet stay in either case.
    """
    name, place = path.relative_to(layout.raw).as_posix(), warc_name(layout, path)
    if not path.exists():
        download_archive(layout, name)
    if not path.exists():
        note_removed(layout, {place: 0}, "it was gone")
        done.add_lost(path, "gone; its rows stay in Parquet")
        return
    damaged, captures = set[int](), 0
    for result in read_archive_damage(path):
        if isinstance(result, Damage):
            damaged.add(result.offset)
        else:
            captures += 1
    if not captures:  # none is left, or it is the file of another run
        keep_copy(layout, path)
        note_removed(layout, {place: path.stat().st_size}, "it is in the quarantine")
        path.unlink()
        done.add_lost(path, "quarantined; its rows stay in Parquet")
        return
    size = path.stat().st_size
    records = list(read_records(path, 0, size, 0, frozenset(), GZIP))
    starts = sorted(entry.offset for entry in records if isinstance(entry, Record))
    sql = "SELECT DISTINCT raw_ref FROM captures WHERE starts_with(raw_ref, ?)"
    refs = records_of(layout, sql, [f"{name}#"])
    damaged |= {int(row["raw_ref"].rpartition("#")[2]) for row in refs} - {
        entry.offset for entry in records if isinstance(entry, Record) and entry.kind in _PAYLOADS
    }
    known = given_up_offsets(removed_archives(layout), place)
    damaged -= known
    noted = {}
    for offset in sorted(damaged):
        end = next((start for start in starts if start > offset), size)
        if offset < size:
            keep_copy(layout, path, offset, end)
        noted[f"{place}#{offset}"] = max(end - offset, 0)
    if not noted and not known:  # cut where a record ends
        noted[f"{place}#{size}"] = 0
    note_removed(layout, noted, "a record that cannot be read")
    for record in noted:
        done.add_lost(layout.root / record, "quarantined; its rows stay in Parquet")


def note_removed(layout: Layout, sizes: Mapping[str, int], why: str) -> None:
    """Add damaged archive files, or places in them, to the list of what was removed."""
    now = datetime.now(UTC).isoformat()
    known = removed_archives(layout)
    new = {
        place: {"bytes": size, "removed_at": now, "why": DAMAGED + why}
        for place, size in sizes.items()
        if place not in known
    }
    if new:
        write_removed(layout, {**known, **new})
