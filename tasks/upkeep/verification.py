"""Whether what is kept still holds: archives, Parquet files, commits, the published warehouse."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tasks.archive.warc_records import beginning
from tasks.partition.partitions import warc_name
from tasks.progress import advance
from tasks.text.counted import counted
from warehouse.build import schema_version
from warehouse.build.checks_runner import CheckFailed, run_checks
from warehouse.build.loader import loaded_commits
from warehouse.build.manifest import NAME, live_files, read_manifest
from warehouse.build.sql_files import read_sql
from warehouse.layers.commits import read_commits, unnamed_files
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import parquet_problem
from warehouse.read.query import records, snapshot
from warehouse.store.archive_files import archive_files, removed_archives
from warehouse.store.link import is_working_copy, read_link
from warehouse.store.objects import SCHEME, object_at
from warehouse.store.working_copy import named_objects, synchronised

_REFERENCES = (
    "SELECT regexp_extract(raw_ref, '^(.*)#', 1) AS name,"
    " list_sort(list(DISTINCT regexp_extract(raw_ref, '#(\\d+)$', 1)::BIGINT)) AS offsets"
    " FROM (SELECT raw_ref FROM captures UNION ALL SELECT raw_ref FROM article_versions)"
    " WHERE raw_ref IS NOT NULL GROUP BY name ORDER BY name"
)
SHOWN = 50  # findings that are listed one by one
_HEAD = 2_048
_BROUGHT = (b"WARC-Type: response", b"WARC-Type: resource")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold."""

    file: Path
    problem: str

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}"


@dataclass(slots=True)
class Verified:
    """Numbers of checked objects, and the findings."""

    files: int = 0  # Parquet files
    rows: int = 0
    references: int = 0  # places in the raw archive
    removed: int = 0  # of those, places in archive files that retention removed
    checks: int = 0
    objects: int = 0  # of the store, where there is one
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        objects = f" {counted(self.objects, 'object')} of the store," if self.objects else ""
        gone = f" ({self.removed} in removed archives)" if self.removed else ""
        return (
            f"{counted(self.files, 'Parquet file')} of {counted(self.rows, 'row')},"
            f" {counted(self.references, 'archive place')}{gone},{objects}"
            f" {counted(self.checks, 'check')}: {len(self.findings) or 'nothing'} broken"
        )


class LayersBroken(Exception):  # noqa: N818 - it is what is the case
    """Something that is kept does not hold any more; a line for each of the first findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = [str(finding) for finding in findings[:SHOWN]]
        more = len(findings) - len(lines)
        super().__init__("\n".join([*lines, *([f"and {more} more"] if more else [])]))

    def __reduce__(self) -> tuple[type["LayersBroken"], tuple[Any, ...]]:
        return type(self), (self.findings,)


def verify(layout: Layout) -> Verified:
    """Check the current snapshot and what it was made from; QueryError without one."""
    done = Verified()
    with snapshot(layout) as con:
        path = Path(con.execute("SELECT path FROM duckdb_databases() LIMIT 1").fetchall()[0][0])
        done.findings = (
            *_parquet_findings(layout, con, path.parent, done),
            *_commit_findings(layout, con),
            *_archive_findings(layout, con, done),
            *_store_findings(layout, done),
            *_check_findings(con, path, done),
        )
    return done


def _parquet_findings(
    layout: Layout, con: duckdb.DuckDBPyConnection, folder: Path, done: Verified
) -> Iterator[Finding]:
    """A manifest that lists other files; files that are gone, changed, or of other rows."""
    files = live_files(con)
    manifest = folder / NAME
    if not manifest.exists():
        yield Finding(manifest, "is not there; the next load or maintenance writes it")
    elif read_manifest(folder) != files:
        yield Finding(manifest, "lists other files than the snapshot was loaded from")
    for number, file in enumerate(files, 1):
        advance("Parquet files verified", number, len(files))
        done.files += 1
        done.rows += file["rows"]
        path = layout.root / file["path"]
        if problem := parquet_problem(path, file["rows"], file["sha256"]):
            yield Finding(path, problem)


def _commit_findings(layout: Layout, con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Commits that are gone or say other rows than were loaded; files that no commit names."""
    loaded: dict[tuple[str, str], int] = defaultdict(int)
    for row in records(con, "FROM files"):
        # A snapshot of an earlier version has runs alone, of one commit each.
        loaded[row.get("commit_id", row["run_id"]), row["layer"]] += row["rows"]
    names = loaded_commits(con)
    commits = read_commits(layout.commits, names)
    for name in sorted(names - {commit.id for commit in commits}):
        yield Finding(layout.commits / f"{name}.json", "is not there, yet the run is loaded")
    for commit in commits:
        said: dict[tuple[str, str], int] = defaultdict(int)
        for file in commit.files:
            said[commit.id, file.layer] += file.rows
        for key, rows in said.items():
            if loaded.get(key) != rows:
                path = layout.commits / f"{commit.id}.json"
                yield Finding(path, f"has {rows} {key[1]}, the warehouse {loaded.get(key, 0)}")
    live = {layout.root / file["path"] for file in live_files(con)}
    for path in unnamed_files(layout):
        if path not in live:
            why = "is named by no commit; who reads the folder by a pattern sees its rows"
            yield Finding(path, why)


def _archive_findings(
    layout: Layout, con: duckdb.DuckDBPyConnection, done: Verified
) -> Iterator[Finding]:
    """Archive files in which a `raw_ref` finds nothing."""
    removed, kept = removed_archives(layout), archive_files(layout)
    rows = con.execute(_REFERENCES).fetchall()
    for number, (name, offsets) in enumerate(rows, 1):
        advance("archive files verified", number, len(rows))
        done.references += len(offsets)
        if warc_name(layout, layout.raw / name) in removed:
            done.removed += len(offsets)
        elif problem := _archive_problem(layout, name, offsets, kept):
            yield Finding(layout.raw / name, problem)


def _archive_problem(
    layout: Layout, name: str, offsets: Sequence[int], kept: Mapping[str, int]
) -> str:
    path = layout.raw / name
    if path.exists():
        wrong = []
        with path.open("rb") as file:
            for offset in offsets:
                file.seek(offset)
                head = beginning(file.read(2 * _HEAD), _HEAD)
                if not (head.startswith(b"WARC/") and any(kind in head for kind in _BROUGHT)):
                    wrong.append(offset)
        return f"no record at {len(wrong)} raw_refs, the first #{wrong[0]}" if wrong else ""
    if name.startswith(SCHEME):
        bucket, key = object_at(name)  # of somebody else: only its presence is checked
        is_there = bucket.size(key) is not None
    else:
        is_there = kept.get(name, 0) > offsets[-1]
    return "" if is_there else f"is not there, and {len(offsets)} raw_refs point into it"


def _store_findings(layout: Layout, done: Verified) -> Iterator[Finding]:
    """What a store's state names and the store has not, or not whole."""
    if not is_working_copy(layout):
        return
    with synchronised(layout):  # else another machine's next state would replace what is looked for
        link = read_link(layout)
        stored = {found.key: found.bytes for found in link.store.list()} if link else {}
        named = named_objects(layout, link) if link else {}
    for key, size in named.items():
        done.objects += 1
        if key not in stored:
            yield Finding(Path(key), "is not in the store")
        elif size not in (None, stored[key]):
            yield Finding(Path(key), f"has {stored[key]} bytes in the store, not {size}")


def _check_findings(
    con: duckdb.DuckDBPyConnection, path: Path, done: Verified
) -> Iterator[Finding]:
    """Checks that find rows in what readers see."""
    if schema_version.schema_versions(con) != {schema_version.SCHEMA_VERSION}:
        yield Finding(path, "was made by another version; the next load makes it again")
        return
    for name in read_sql("checks"):
        done.checks += 1
        try:
            run_checks(con, name)
        except CheckFailed as error:
            yield Finding(path, " ".join(str(error).split()))
