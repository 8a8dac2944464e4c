"""The rows of all commits during a repair: read from their current files, replaced at once.

Changes are written beside the old files, with a new folder of commits; swapping the folders makes
all of them count at once. If the process is killed before that, `sweep` removes its files.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.partition.partitions import outcomes_of, write_layers
from warehouse.layers.commits import (
    Commit,
    CommittedFile,
    named_files,
    write_commit,
    written_commits,
)
from warehouse.layers.compactions import (
    CompactedFile,
    Compaction,
    Retired,
    compacted_files,
    read_compactions,
    write_compaction,
)
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import mark_begun, mark_done, swap_commits
from warehouse.layers.parquet import parquet_problem, write_parquet


@dataclass(slots=True)
class CommitRows:
    """Commits as they were written, and records of compaction, with their replacements."""

    layout: Layout
    commits: dict[str, Commit]  # by id, in the order in which they were made
    compactions: list[Compaction]
    changed: set[str] = field(default_factory=set)  # ids of commits
    is_moved: bool = False  # whether a record of compaction has changed
    written: set[str] = field(default_factory=set)  # paths of files written meanwhile
    _where: dict[str, tuple[CompactedFile, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, layout: Layout) -> "CommitRows":
        """Read a data folder; the caller holds the writer's lock, and all documents are whole."""
        commits = {commit.id: commit for commit in written_commits(layout.commits)}
        return cls(layout, commits, read_compactions(layout.commits))

    def compacted(self) -> dict[str, tuple[CompactedFile, int]]:
        """The `compacted_files` of the records as they are now."""
        if not self._where:
            self._where = compacted_files(self.compactions)
        return self._where

    def is_whole(self, file: CommittedFile) -> bool:
        """Whether a commit's own file is as it was written, regardless of compaction."""
        return not parquet_problem(self.layout.root / file.path, file.rows, file.sha256)

    def table(self, file: CommittedFile, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a commit's file, from a compacted file if they are in one."""
        live, first = self.compacted().get(file.path, (file, 0))
        path = self.layout.root / live.path
        rows = pq.ParquetFile(path).read(None if columns is None else list(columns))
        return rows.slice(first, file.rows)

    def drop(self, path: str, *, retires: bool = False) -> None:
        """Remove a compacted file from its record, so that the files it replaced count again.

        With `retires` the file, which must be whole, is kept for a grace period for its readers.
        """
        self.is_moved, self._where = True, {}
        parts = {
            part.path
            for compaction in self.compactions
            for file in compaction.files
            if file.path == path
            for part in file.parts
        }
        retired = (Retired(path, datetime.now(UTC)),) if retires else ()
        for number, compaction in enumerate(self.compactions):
            files = tuple(file for file in compaction.files if file.path != path)
            if files != compaction.files:
                old = tuple(old for old in compaction.retired if old.path not in parts)
                self.compactions[number] = replace(compaction, files=files, retired=old + retired)

    def split_compacted(self, path: str) -> None:
        """Write the rows of a compacted file to files of their commits, and drop it."""
        where = self.compacted()
        for name, commit in list(self.commits.items()):
            for file in commit.files:
                live, _ = where.get(file.path, (None, 0))
                if live and live.path == path and not self.is_whole(file):
                    self.replace(name, file, self.table(file))
        self.drop(path, retires=True)

    def replace(self, name: str, file: CommittedFile, rows: pa.Table) -> None:
        """Replace a commit's file by one with other rows, or by none if there are no rows."""
        new = []
        if rows.num_rows:
            mark_begun(self.layout.next_commits, name)
            folder = (self.layout.root / file.path).parent
            whole = partial(pa.Table.combine_chunks, rows)
            new = [write_parquet(self.layout, name, folder, file.layer, whole)]
        self.replace_files(name, [file], new)

    def write(
        self,
        name: str,
        days: Mapping[date | None, Callable[[], pa.Table]],
        captures: pa.Table | None,
        stripped: pa.Table | None,
    ) -> list[CommittedFile]:
        """Write rows of a commit as its run did: equal rows give equal file names and bytes."""
        mark_begun(self.layout.next_commits, name)
        none = pa.table({})
        return write_layers(self.layout, name, days, captures or none, stripped or none)

    def replace_files(
        self, name: str, old: Sequence[CommittedFile], new: Sequence[CommittedFile]
    ) -> None:
        """Replace files that a commit names by others."""
        self.written.update(file.path for file in new)
        commit = self.commits[name]
        files = [file for file in commit.files if file not in old]
        files = sorted({*files, *new}, key=lambda file: file.path)
        if tuple(files) != commit.files:
            self.commits[name] = replace(commit, files=tuple(files))
            self.changed.add(name)

    def set_outcomes(self, name: str, captures: pa.Table) -> None:
        """Set the outcomes of a commit to those of these captures."""
        outcomes = outcomes_of(captures)
        if outcomes != self.commits[name].outcomes:
            self.commits[name] = replace(self.commits[name], outcomes=outcomes)
            self.changed.add(name)

    def apply_changes(self) -> None:
        """Make all changes count, at once."""
        folder = self.layout.next_commits
        named = {file.path for commit in self.commits.values() for file in commit.files}
        named |= named_files(self.layout.commits)
        for path in self.written - named:
            (self.layout.root / path).unlink(missing_ok=True)
        if self.changed or self.is_moved:
            hidden = shutil.ignore_patterns(".*")
            shutil.copytree(self.layout.commits, folder, ignore=hidden, dirs_exist_ok=True)
            for name in self.changed:
                write_commit(folder, self.commits[name])
            for compaction in self.compactions:
                write_compaction(folder, compaction)
            for name in self.commits:
                mark_done(folder, name)
            os.sync()
            swap_commits(self.layout)
        else:
            shutil.rmtree(folder, ignore_errors=True)
