"""Restores commits and records of compaction from the warehouse and the Parquet files."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.locks.run_locks import started_at
from tasks.partition.partitions import outcomes_of
from tasks.upkeep.compaction import day_of
from tasks.upkeep.repair.commit_rows import CommitRows
from tasks.upkeep.repair.databases import records_of
from tasks.upkeep.repair.quarantine import move_away
from tasks.upkeep.repair.report import Repaired
from warehouse.layers.commits import (
    Commit,
    CommittedFile,
    commit_of,
    commit_path,
    committed_runs,
    part_of,
    part_parameters,
    read_commit,
    run_of_commit,
    write_commit,
    written_commits,
)
from warehouse.layers.compactions import (
    DAY_PREFIX,
    CompactedFile,
    Compaction,
    Part,
    Retired,
    compaction_path,
    read_compactions,
    write_compaction,
)
from warehouse.layers.documents import DocumentError
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import file_sha256
from warehouse.layers.parquet_schemas import CAPTURE_SCHEMA

_ABOUT = ("sequence", "flow", "started_at", "finished_at", "extractor_version", "warcs")


def restore_commit(layout: Layout, commit_id: str, done: Repaired) -> bool:
    """Make a commit again from its record in the warehouse and the files named after it.

    False if there is neither: then it is quarantined, and may be restored from the run's archive
    files.
    """
    path = commit_path(layout.commits, commit_id)
    columns = ", ".join(_ABOUT)
    # Warehouses of earlier versions know runs only, which had one commit each.
    about = records_of(
        layout,
        f"SELECT {columns} FROM commits WHERE commit_id = ?",  # noqa: S608
        [commit_id],
    ) or records_of(
        layout,
        f"SELECT {columns} FROM runs WHERE run_id = ?",  # noqa: S608
        [run_of_commit(commit_id)],
    )
    files = _files_of(layout, commit_id)
    if not files:
        if path.exists():
            move_away(layout, path)
            done.add_lost(
                path, "quarantined; neither the warehouse nor a Parquet file knows its run"
            )
        return False
    captures = _captures_of(layout, commit_id, files, about[0] if about else None)
    known = about[0] if about else _run_from_files(layout, commit_id, files, captures)
    commit = Commit(
        run_id=run_of_commit(commit_id),
        parameters=part_parameters(commit_id),
        **known | {"warcs": tuple(known["warcs"])},
        files=tuple(sorted(files, key=lambda file: file.path)),
        outcomes=outcomes_of(pa.Table.from_pylist(captures, schema=CAPTURE_SCHEMA)),
    )
    write_commit(layout.commits, commit)
    done.add_repaired(path, "made again from the warehouse" if about else "made again from Parquet")
    return True


def is_whole_commit(path: Path) -> bool:
    """Whether a commit can be read and has the id in the name of its file."""
    try:
        return read_commit(path.parent, path.stem) is not None
    except DocumentError:
        return False


def _files_of(layout: Layout, commit_id: str) -> list[CommittedFile]:
    """The Parquet files of a commit: those that were loaded, also compacted, and those on disk."""
    sql = "SELECT path, layer, rows, bytes, sha256 FROM files WHERE contains(path, ?)"
    loaded = records_of(layout, sql, [f"/{commit_id}."])
    found = {row["path"]: CommittedFile(**row) for row in loaded}
    parts = [
        (compaction.layer, file, part)
        for compaction in read_compactions(layout.commits)
        for file in compaction.files
        for part in file.parts
        if commit_of(Path(part.path)) == commit_id
    ]
    for layer, file, part in parts:
        found[part.path] = CommittedFile(part.path, layer, part.rows, file.bytes, file.sha256)
    live = {file.path for _, file, _ in parts}
    # Warehouses of earlier versions know runs only, which had one commit each.
    compacted = records_of(layout, f"{sql} AND commit_id = ?", ["/day-", commit_id]) or records_of(
        layout, f"{sql} AND run_id = ?", ["/day-", run_of_commit(commit_id)]
    )
    for row in compacted:
        # The record of that day is lost as well, and is restored by the numbers of rows.
        if row["path"] not in live and (layout.root / row["path"]).exists():
            name = f"{Path(row['path']).parent}/{commit_id}.{row['sha256'][:12]}.parquet"
            found[name] = CommittedFile(**row | {"path": name})
    for folder in (layout.articles, layout.captures, layout.stripped_blocks):
        for path in folder.rglob(f"{commit_id}.*.parquet"):
            name = path.relative_to(layout.root).as_posix()
            digest = file_sha256(path)
            if path.name == f"{commit_id}.{digest[:12]}.parquet":
                rows = pq.read_metadata(path).num_rows
                size = path.stat().st_size
                found[name] = CommittedFile(name, folder.name, rows, size, digest)
            elif name not in found:  # damaged: only its name is known
                found[name] = CommittedFile(name, folder.name, 0, 0, path.name.split(".")[-2])
    return list(found.values())


def _captures_of(
    layout: Layout,
    commit_id: str,
    files: Sequence[CommittedFile],
    about: Mapping[str, Any] | None,  # the commit as the warehouse knows it
) -> list[dict[str, Any]]:
    columns = ["source_id", "outcome", "raw_ref", "attempted_at"]
    with suppress(OSError, pa.ArrowException):
        captures = (file for file in files if file.layer == "captures")
        return [row for file in captures for row in _rows_of(layout, file, columns)]
    sql = f"SELECT {', '.join(columns)} FROM captures WHERE run_id = ?"  # noqa: S608
    rows = records_of(layout, sql, [run_of_commit(commit_id)])
    if about is None or about["flow"] == "backfill":
        return rows
    # The commits of a run have the captures of different sources.
    sources = {Path(warc).parent.name for warc in about["warcs"]}
    return [row for row in rows if row["source_id"] in sources]


def _rows_of(layout: Layout, file: CommittedFile, columns: list[str]) -> list[dict[str, Any]]:
    """The rows of a commit's file, or of its part of a compacted one that replaced it."""
    path = layout.root / file.path
    if path.exists():  # all of its rows: of a damaged file their number is unknown
        table = pq.ParquetFile(path).read(columns)
    else:
        table = CommitRows(layout, {}, read_compactions(layout.commits)).table(file, columns)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _run_from_files(
    layout: Layout,
    commit_id: str,
    files: Sequence[CommittedFile],
    captures: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """The run's fields of a commit that no warehouse has loaded."""
    raw_refs = {row["raw_ref"].rpartition("#")[0] for row in captures if row["raw_ref"]}
    # The archives of a backfill are named by their whole path or address.
    is_ingest = not any(name.startswith("/") or "://" in name for name in raw_refs)
    # Damaged ones, this among them, are made again one by one, the oldest first.
    others = [
        read_commit(layout.commits, other)
        for other in committed_runs(layout.commits)
        if is_whole_commit(commit_path(layout.commits, other))
    ]
    ours = run_of_commit(commit_id), part_of(commit_id)
    used = {other.sequence for other in others if other and other.id != commit_id}
    before = [
        other.sequence for other in others if other and (other.run_id, part_of(other.id)) < ours
    ]
    sequence = max(before, default=0) + 1
    while sequence in used:
        sequence += 1
    extractors = []
    for file in (file for file in files if file.layer == "articles"):
        # Damaged ones are made again from their archives, by the extractor of today.
        with suppress(OSError, pa.ArrowException):
            rows = _rows_of(layout, file, ["extractor_version"])
            extractors += [row["extractor_version"] for row in rows]
    return {
        "sequence": sequence,
        "flow": "ingest" if is_ingest else "backfill",
        "started_at": started_at(run_of_commit(commit_id)),
        "finished_at": max((row["attempted_at"] for row in captures), default=None),
        "extractor_version": max(filter(None, extractors), default=None),
        "warcs": sorted(f"raw/{name}" if is_ingest else name for name in raw_refs),
    }


def restore_compaction(layout: Layout, layer: str, day: str, done: Repaired) -> None:
    """Make the compaction record of a layer and day again, from the compacted files on the disk.

    All commits must be whole. The parts of a file are derived from the run of each row and the
    numbers of rows in the commits.
    """
    committed = [
        (commit, file)
        for commit in written_commits(layout.commits)
        for file in commit.files
        if file.layer == layer and day_of(commit, file) == day
    ]
    folders = {(layout.root / file.path).parent for _, file in committed}
    day_files = sorted(
        (path for folder in folders for path in folder.glob(f"{DAY_PREFIX}{day}.*.parquet")),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    files: list[CompactedFile] = []
    covered: set[str] = set()
    for path in day_files:
        digest = file_sha256(path)
        if path.name.split(".")[-2] != digest[:12]:
            continue
        parts = _parts(path, committed)
        if parts and covered.isdisjoint(part.path for part in parts):
            covered.update(part.path for part in parts)
            name = path.relative_to(layout.root).as_posix()
            files.append(CompactedFile(name, path.stat().st_size, digest, parts))
    now = datetime.now(UTC)
    live = {file.path for file in files}
    replaced = [path.relative_to(layout.root).as_posix() for path in day_files]
    replaced += [file.path for _, file in committed if file.path in covered]
    retired = tuple(
        Retired(name, now) for name in sorted(set(replaced) - live) if (layout.root / name).exists()
    )
    write_compaction(layout.commits, Compaction(layer, day, tuple(files), retired))
    path = compaction_path(layout.commits, layer, day)
    done.add_repaired(path, "made again from Parquet and the commits")


def _parts(path: Path, committed: Sequence[tuple[Commit, CommittedFile]]) -> tuple[Part, ...]:
    """The parts of a compacted file, in the order of its rows; empty if they do not fit."""
    run_ids = pq.ParquetFile(path).read(["run_id"])["run_id"].to_pylist()
    parts: list[Part] = []
    for run_id, rows in groupby(run_ids):
        files = [file for commit, file in committed if commit.run_id == run_id]
        count, ends = len(list(rows)), range(len(files) + 1)
        # Consecutive files with that many rows in total.
        series = (files[first:last] for first, last in combinations(ends, 2))
        found = next((each for each in series if sum(file.rows for file in each) == count), ())
        if not found:
            return ()
        parts += (Part(run_id, file.path, file.rows) for file in found)
    return tuple(parts)
