"""Verifies that archives, Parquet files, commits and the published warehouse are intact."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from tasks.archive.read import read_archive_damage
from tasks.archive.warc_records import read_beginning
from tasks.model import Damage
from tasks.progress import advance
from tasks.text.counted import counted
from warehouse.build.index_vintages import other_vintages
from warehouse.build.loaded_audits import changed_audit_files
from warehouse.build.loader import loaded_commits
from warehouse.build.sql_files import read_sql
from warehouse.damage.database_findings import (
    check_findings,
    lacking_histories,
    live_manifest_findings,
    manifest_findings,
    table_findings,
    writer_findings,
)
from warehouse.damage.layer_findings import (
    Committed,
    document_findings,
    missing_commits,
    parquet_findings,
    read_committed,
    rows_of_files,
)
from warehouse.layers.commits import committed_runs, warc_name
from warehouse.layers.documents import DocumentError, document_problem
from warehouse.layers.findings import Finding, make_finding
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import digest_problem
from warehouse.read.query import DatabaseDamaged, QueryError, records, snapshot
from warehouse.store.archive_files import Removed, archive_files, given_up_offsets, removed_archives
from warehouse.store.link import is_working_copy
from warehouse.store.objects import SCHEME, object_at
from warehouse.store.unreferenced_objects import referenced_objects
from warehouse.store.working_copy import pulled

_REFERENCES = (
    "SELECT regexp_extract(raw_ref, '^(.*)#', 1) AS name,"
    " list_sort(list(DISTINCT regexp_extract(raw_ref, '#(\\d+)$', 1)::BIGINT)) AS offsets"
    " FROM (SELECT raw_ref FROM captures UNION ALL SELECT raw_ref FROM article_versions)"
    " WHERE raw_ref IS NOT NULL GROUP BY name ORDER BY name"
)
_CAPTURES = (
    "SELECT source_id || '/' || run_id || '.warc.gz', count(*)::BIGINT"
    " FROM read_parquet(?, union_by_name = true) GROUP BY ALL"
)
_HEAD_BYTES = 2_048
# The remedy for a WARC file of others: rows name it by its path.
PUT_BACK = "put it, or a link to it, where it was"
_BROUGHT = (b"WARC-Type: response", b"WARC-Type: resource")


@dataclass(slots=True)
class Verified:
    """Numbers of checked items, and the findings."""

    files: int = 0  # Parquet files
    rows: int = 0
    references: int = 0  # references to places in the raw archive
    removed: int = 0  # of these, references into archive files that retention removed
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


def verify(layout: Layout) -> Verified:
    """Check all stored data against its checksums; QueryError when there is none yet."""
    if not (layout.current.exists() or committed_runs(layout.commits) or archive_files(layout)):
        raise QueryError(f"{layout.root} has no data yet: run `presswatch ingest` first")
    done = Verified()
    done.findings = tuple(dict.fromkeys(_findings(layout, done)))
    return done


def findings(layout: Layout) -> Iterator[Finding]:
    """Find what is damaged or missing in a data folder, with or without a snapshot."""
    yield from dict.fromkeys(_findings(layout, Verified()))


def _findings(layout: Layout, done: Verified) -> Iterator[Finding]:
    committed = read_committed(layout)
    yield from committed.findings
    yield from document_findings(layout)
    for file in sorted(layout.cache.rglob("[!.]*.json")):
        if problem := document_problem(file.read_bytes()):
            yield make_finding("state file", file, problem)
    yield from missing_commits(layout, committed)
    files = rows_of_files(committed.commits)
    for number, (key, rows) in enumerate(files.items(), 1):
        advance("Parquet files verified", number, len(files))
        done.files += 1
        done.rows += rows
        yield from parquet_findings(layout, [(key, rows)])
    yield from manifest_findings(layout)
    yield from writer_findings(layout)
    yield from _tolerant(layout, lambda: _archive_findings(layout, committed))
    yield from _tolerant(layout, lambda: _store_findings(layout, done))
    path = layout.current.resolve()
    if not layout.current.exists():
        yield make_finding("snapshot", path, "is not there")
        return
    try:
        with snapshot(layout) as con:
            done.checks = len(read_sql("checks"))
            for find in (
                lambda: table_findings(con, path),
                lambda: live_manifest_findings(con, path.parent),
                lambda: _load_findings(layout, con, committed),
                lambda: lacking_histories(layout, con),
                lambda: changed_audit_files(con, layout),
                lambda: other_vintages(con, layout),
                lambda: _reference_findings(layout, con, committed, done),
                lambda: check_findings(con, path),
            ):
                yield from _tolerant(layout, find)
    except DatabaseDamaged as error:
        yield error.finding


def _tolerant(layout: Layout, find: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Report a damaged document or database as a finding, and continue."""
    try:
        yield from find()
    except (DocumentError, DatabaseDamaged) as error:
        yield error.finding
    except duckdb.Error as error:
        yield make_finding("snapshot", layout.current.resolve(), " ".join(str(error).split())[:200])


def _load_findings(
    layout: Layout, con: duckdb.DuckDBPyConnection, committed: Committed
) -> Iterator[Finding]:
    """Commits whose numbers of rows differ from the snapshot."""
    loaded: dict[tuple[str, str], int] = defaultdict(int)
    for row in records(con, "FROM files"):
        # A snapshot of an earlier version has only runs, with one commit each.
        loaded[row.get("commit_id", row["run_id"]), row["layer"]] += row["rows"]
    names = loaded_commits(con)
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for commit in committed.commits:
        for file in commit.files:
            expected[commit.id, file.layer] += file.rows
    for (name, layer), rows in expected.items():
        if name in names and loaded.get((name, layer)) != rows:
            problem = f"has {loaded.get((name, layer), 0)} {layer} of {name}, its commit {rows}"
            yield make_finding("snapshot", layout.current.resolve(), problem)


def _archive_findings(layout: Layout, committed: Committed) -> Iterator[Finding]:
    """Archive files that are gone, and records that cannot be read."""
    stored, removed = archive_files(layout), _removed(layout)
    for name in sorted({name for commit in committed.commits for name in commit.warcs}):
        is_ours = name.startswith(f"{layout.raw.name}/")  # a backfill's are somebody else's
        is_there = name.partition("/")[2] in stored or removed is None or name in removed
        if is_ours and not is_there:
            yield make_finding("archive file", layout.root / name, "is not there")
    # Numbers of committed captures by archive file, from undamaged Parquet files.
    files = {file.path: file for commit in committed.commits for file in commit.files}
    paths = [
        str(layout.root / file.path)
        for file in files.values()
        if file.layer == "captures" and not digest_problem(layout.root / file.path, file.sha256)
    ]
    with duckdb.connect() as con:
        loaded: dict[str, int] = dict(con.execute(_CAPTURES, [paths]).fetchall()) if paths else {}
    for number, name in enumerate(stored, 1):
        advance("archive files read", number, len(stored))
        path, captures = layout.raw / name, 0
        given_up = given_up_offsets(removed or {}, warc_name(layout, path))
        is_whole = not given_up
        if not path.exists():  # only the store has it
            continue
        for each in read_archive_damage(path):
            captures += not isinstance(each, Damage)
            if isinstance(each, Damage) and each.offset not in given_up:
                is_whole = False
                yield make_finding("archive record", path, each.reason, each.offset)
        if is_whole and captures < loaded.get(name, 0):
            yield make_finding("archive file", path, f"has {captures} captures of {loaded[name]}")


def _removed(layout: Layout) -> Removed | None:
    """The archive files that were removed; None where their list is damaged."""
    try:
        return removed_archives(layout)
    except DocumentError:
        return None


def _reference_findings(
    layout: Layout, con: duckdb.DuckDBPyConnection, committed: Committed, done: Verified
) -> Iterator[Finding]:
    """Archive files without a record at some `raw_ref`, and missing archives of backfills."""
    removed, stored = _removed(layout) or {}, archive_files(layout)
    rows = con.execute(_REFERENCES).fetchall()
    ours = f"{layout.raw.name}/"
    lost = {
        name.removeprefix(ours)
        for commit in committed.commits
        for name in commit.warcs
        if name.startswith(ours)  # a backfill's are somebody else's, and not looked for before
    }
    lost -= stored.keys()
    for number, (name, offsets) in enumerate(rows, 1):
        advance("archive places verified", number, len(rows))
        done.references += len(offsets)
        if warc_name(layout, layout.raw / name) in removed:
            done.removed += len(offsets)
        elif name in lost:
            continue  # a finding already
        elif problem := _archive_problem(layout, name, offsets, stored, removed):
            finding = make_finding("archive file", layout.raw / name, problem)
            is_ours = not name.startswith(("/", SCHEME))  # a repair leaves a backfill's alone
            yield finding if is_ours else replace(finding, remedy=PUT_BACK)


def _archive_problem(
    layout: Layout,
    name: str,
    offsets: Sequence[int],
    stored: Mapping[str, int],
    removed: Removed,
) -> str:
    path = layout.raw / name
    given_up = given_up_offsets(removed, warc_name(layout, path))
    if path.exists():
        wrong = []
        with path.open("rb") as file:
            for offset in offsets:
                file.seek(offset)
                head = read_beginning(file.read(2 * _HEAD_BYTES), _HEAD_BYTES)
                if offset not in given_up and not (
                    head.startswith(b"WARC/") and any(kind in head for kind in _BROUGHT)
                ):
                    wrong.append(offset)
        return f"no record at {len(wrong)} raw_refs, the first #{wrong[0]}" if wrong else ""
    if name.startswith(SCHEME):
        bucket, key = object_at(name)  # an external archive: only its existence is checked
        is_there = bucket.size(key) is not None
    else:
        is_there = stored.get(name, 0) > offsets[-1]
    return "" if is_there else f"is not there, and {len(offsets)} raw_refs point into it"


def _store_findings(layout: Layout, done: Verified) -> Iterator[Finding]:
    """Objects that a store's state names but that are missing in it or have another size."""
    if not is_working_copy(layout):
        return
    # With the store's lease, so that no other machine creates a state meanwhile. Nothing is pushed.
    with pulled(layout) as link:
        stored = {each.key: each.bytes for each in link.store.list()} if link else {}
        named = referenced_objects(layout, link) if link else {}
    for key, size in named.items():
        done.objects += 1
        if key not in stored:
            yield make_finding("store object", Path(key), "is not in the store")
        elif size not in (None, stored[key]):
            problem = f"has {stored[key]} bytes in the store, not {size}"
            yield make_finding("store object", Path(key), problem)
