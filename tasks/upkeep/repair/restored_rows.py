"""Damaged Parquet files made again: from other files, the warehouse, or the raw archive."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from uuid import UUID

import duckdb
import pyarrow as pa

from tasks.model import Batch
from tasks.partition.partitions import (
    CAPTURE_FILE_SCHEMA,
    judged_captures,
    judged_stripped,
)
from tasks.partition.versions import KnownVersions, known_versions
from tasks.text.counted import counted
from tasks.upkeep.rebuild_articles import NUMBERED
from tasks.upkeep.repair.commit_rows import CommitRows
from tasks.upkeep.repair.databases import records_of
from tasks.upkeep.repair.lost_articles import NEW, Lost, captures_of, remove_lost_versions
from tasks.upkeep.repair.quarantine import keep_copy
from tasks.upkeep.repair.refined_again import RefinedAgain
from tasks.upkeep.repair.report import Repaired
from warehouse.build import loader
from warehouse.layers.commits import Commit, CommittedFile, commit_path, run_of_commit
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import UNDATED, parquet_problem
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, STRIPPED_SCHEMA
from warehouse.read.query import columns_of

# Stages the rows of a commit's archive files, a batch for each file that exists.
Refine = Callable[[str, Commit], Sequence[Batch]]
# Layers of which the warehouse has all columns: schema, and order of rows.
_IN_WAREHOUSE = {
    "captures": (CAPTURE_FILE_SCHEMA, "attempted_at, capture_id::VARCHAR"),
    "stripped_blocks": (
        STRIPPED_SCHEMA,
        "coalesce(article_id::VARCHAR, ''), coalesce(version_no, 0), capture_id::VARCHAR, position",
    ),
}


def restore_rows(layout: Layout, refine: Refine, paths: Collection[Path], done: Repaired) -> None:
    """Make damaged files again.

    All documents are whole, and the caller holds the writer's lock. A file with lost rows is
    quarantined, and the pages of these rows get the outcome `lost`.
    """
    rows = CommitRows.read(layout)
    wanted = {path.relative_to(layout.root).as_posix() for path in paths}
    live = {file.path: file for file, _ in rows.compacted().values() if file.path in wanted}
    for file in live.values():
        path = layout.root / file.path
        if parquet_problem(path, file.rows, file.sha256):
            wanted.update(part.path for part in file.parts)
            rows.drop(file.path)
            done.add_repaired(path, "its rows are in files of their runs again")
    broken = _broken(rows, wanted)
    lost = Lost()
    with closing(_EarlierVersions(rows, broken)) as earlier:
        for name, files in broken.items():
            _CommitRestorer(rows, name, files, refine, earlier, done).restore(lost)
    remove_lost_versions(rows, lost)
    rows.apply_changes()


def _broken(rows: CommitRows, wanted: Collection[str]) -> dict[str, list[CommittedFile]]:
    """Damaged files by the id of their commit, in the order of commits."""
    where = rows.compacted()
    found = {}
    for name, commit in rows.commits.items():
        files = [file for file in commit.files if file.path in wanted and file.path not in where]
        damaged = [file for file in files if not rows.is_whole(file)]
        if damaged or _lacks_articles(commit):
            found[name] = damaged
    return found


def _lacks_articles(commit: Commit) -> bool:
    """Whether a commit has more articles in its captures than in files, as after a lost commit."""
    totals = commit.totals
    new = sum(totals[outcome] for outcome in NEW)
    return new > sum(file.rows for file in commit.files if file.layer == "articles")


class _EarlierVersions:
    """The versions in earlier commits, from which those of a commit are numbered."""

    def __init__(self, rows: CommitRows, broken: Mapping[str, Sequence[CommittedFile]]) -> None:
        self._rows, self._unread = rows, list(rows.commits)
        self._broken = {file for files in broken.values() for file in files}
        self._con = duckdb.connect()
        self._con.execute(f"CREATE TABLE article_versions ({NUMBERED['article_versions']})")
        self._columns = columns_of(self._con, "article_versions")

    def close(self) -> None:
        """Close the database."""
        self._con.close()

    def known(self, name: str, article_ids: Collection[UUID]) -> dict[UUID, KnownVersions]:
        """The versions of articles in the commits before this one; call in the order of commits."""
        while self._unread and self._unread[0] != name:
            for file in self._rows.commits[self._unread.pop(0)].files:
                if file.layer == "articles" and file not in self._broken:
                    table = self._rows.table(file, self._columns)
                    loader.insert(self._con, "article_versions", table)
        return known_versions(self._con, article_ids)


class _CommitRestorer:
    """The damaged files of one commit, made again."""

    def __init__(
        self,
        rows: CommitRows,
        name: str,
        broken: Sequence[CommittedFile],
        refine: Refine,
        earlier: _EarlierVersions,
        done: Repaired,
    ) -> None:
        self._rows, self._name, self._broken = rows, name, broken
        self._refine, self._earlier, self._done = refine, earlier, done
        self._commit = rows.commits[name]
        self._layers = {file.layer for file in broken}
        if _lacks_articles(self._commit):
            self._layers.add("articles")
        # The warehouse's rows for versions that the run added, by capture.
        sql = (
            "SELECT capture_id, published_date, first_seen_at FROM article_versions"
            " WHERE run_id = ?"
        )
        found = records_of(rows.layout, sql, [run_of_commit(name)])
        self._loaded = {UUID(str(row["capture_id"])): row for row in found}

    def restore(self, lost: Lost) -> None:
        """Write the rows that can be made again, and add lost versions to `lost`."""
        captures = self._rows_of_layer("captures")
        stripped = self._rows_of_layer("stripped_blocks")
        present = self._undamaged_rows("articles")
        days: dict[date | None, Callable[[], pa.Table]] = {}
        if captures is None or stripped is None or "articles" in self._layers:
            batches = self._refine(self._name, self._commit)
            staged = RefinedAgain(self._rows.layout, self._name, batches)
            original = captures_of(present) if captures is None else captures
            staged.judge(original, self._loaded, lambda ids: self._earlier.known(self._name, ids))
            if stripped is None:
                stripped = judged_stripped(staged.stripped, staged.verdicts)
            if "articles" in self._layers:
                days = staged.versions(without=_ids(present))
            if captures is None:
                captures = judged_captures(staged.captures, staged.articles, staged.verdicts)
                known = _ids(captures)
                more = [row for row in original.to_pylist() if row["capture_id"] not in known]
                others = pa.Table.from_pylist(more, schema=original.schema)
                captures = pa.concat_tables([captures, others])
                stripped = _stripped_blocks_of(stripped, captures)
        new = self._rows.write(
            self._name,
            days,
            captures if "captures" in self._layers else None,
            stripped if "stripped_blocks" in self._layers else None,
        )
        made = {row for rows in days.values() for row in _ids(rows())}
        count = self._find_lost(captures, made | _ids(present), lost)
        self._report(new)
        if count and not any(file.layer == "articles" for file in self._broken):
            path = commit_path(self._rows.layout.commits, self._name)
            self._done.add_lost(path, f"{counted(count, 'article')} of it lost")
        self._rows.replace_files(self._name, self._broken, new)
        if "captures" in self._layers:
            self._rows.set_outcomes(self._name, captures)
            for file in self._commit.files:
                if file.layer == "stripped_blocks" and file not in self._broken:
                    table = self._rows.table(file)
                    if (kept := _stripped_blocks_of(table, captures)).num_rows < table.num_rows:
                        self._rows.replace(self._name, file, kept)

    def _rows_of_layer(self, layer: str) -> pa.Table | None:
        """A layer's rows of the commit, from its files, else from a warehouse; None if neither."""
        return (
            self._undamaged_rows(layer)
            if layer not in self._layers
            else self._from_warehouse(layer)
        )

    def _undamaged_rows(self, layer: str) -> pa.Table:
        """The rows of a layer's undamaged files."""
        files = [
            self._rows.table(file)
            for file in self._commit.files
            if file.layer == layer and file not in self._broken
        ]
        if files:
            return pa.concat_tables(files, promote_options="default")
        schema = _IN_WAREHOUSE[layer][0] if layer in _IN_WAREHOUSE else ARTICLE_SCHEMA
        return schema.empty_table()

    def _from_warehouse(self, layer: str) -> pa.Table | None:
        schema, order = _IN_WAREHOUSE[layer]
        run_id = run_of_commit(self._name)
        # The commits of a run have the captures of different sources.
        sources = sorted({Path(warc).parent.name for warc in self._commit.warcs})
        of_sources = (
            "?::VARCHAR[] <> []"
            if self._commit.flow == "backfill"
            else "list_contains(?, source_id)"
        )
        found = records_of(
            self._rows.layout,
            f"SELECT {', '.join(schema.names)} FROM {layer} WHERE run_id = ? AND capture_id IN ("  # noqa: S608
            f"SELECT capture_id FROM captures WHERE run_id = ? AND {of_sources}) ORDER BY {order}",
            [run_id, run_id, sources],
        )
        committed = sum(file.rows for file in self._commit.files if file.layer == layer)
        if len(found) != committed:
            return None
        uuids = [field.name for field in schema if field.type == pa.uuid()]
        for row in found:
            row.update((name, row[name] and UUID(str(row[name]))) for name in uuids)
        return pa.Table.from_pylist(found, schema=schema)

    def _find_lost(self, captures: pa.Table, made: Collection[UUID], lost: Lost) -> int:
        """Add the versions without a row to `lost`, and count them."""
        count = 0
        broken = sorted(day for file in self._broken if (day := _publication_day(file)))
        columns = ["capture_id", "outcome", "article_id", "version_no"]
        for row in captures.select(columns).to_pylist():
            if row["outcome"] in NEW and row["capture_id"] not in made:
                loaded = self._loaded.get(row["capture_id"])
                day = loaded["published_date"] if loaded else broken[0] if broken else None
                lost[row["article_id"], row["version_no"]] = day
                count += 1
        return count

    def _report(self, new: Sequence[CommittedFile]) -> None:
        """Report the result for each damaged file, and keep a copy of those with lost rows."""
        for file in self._broken:
            path = self._rows.layout.root / file.path
            made = sum(one.rows for one in new if _folder(one) == _folder(file))
            if made >= file.rows:
                self._done.add_repaired(path, "made again")
                continue
            where = "gone"
            if path.exists():
                keep_copy(self._rows.layout, path)
                where = "quarantined"
            what = f"{where}; {counted(file.rows - made, 'row')} of {self._name} lost"
            day = _publication_day(file)
            self._done.add_lost(path, f"{what}, of {day}" if day else what)


def _stripped_blocks_of(stripped: pa.Table, captures: pa.Table) -> pa.Table:
    """Stripped blocks of these captures."""
    known = _ids(captures)
    kept = [capture_id in known for capture_id in stripped["capture_id"].to_pylist()]
    return stripped.filter(pa.array(kept, pa.bool_()))


def _ids(table: pa.Table) -> set[UUID]:
    return set(table["capture_id"].to_pylist())


def _folder(file: CommittedFile) -> str:
    return file.path.rpartition("/")[0]


def _publication_day(file: CommittedFile) -> date | None:
    """The day of publication of a file of articles; None without one."""
    name = _folder(file).partition("published_date=")[2]
    return date.fromisoformat(name) if name and name != UNDATED else None
