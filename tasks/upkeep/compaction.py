"""Merges the files of each closed day into one, while readers and loads continue."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.text.counted import counted
from warehouse.build import loader
from warehouse.build.manifest import listed_files
from warehouse.build.publish import publish_locked
from warehouse.layers.commits import (
    Commit,
    CommittedFile,
    read_commits,
    written_commits,
)
from warehouse.layers.compactions import (
    DAY_PREFIX,
    CompactedFile,
    Compaction,
    Part,
    Retired,
    compacted_files,
    read_compaction,
    read_compactions,
    write_compaction,
)
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import mark_begun, mark_done, sweep
from warehouse.layers.parquet import UNDATED, content_problem, write_parquet
from warehouse.read.query import open_snapshot
from warehouse.store.working_copy import pulled_and_pushed

log = logging.getLogger(__name__)

# A file of this size is not rewritten: to add a few late rows costs more than it saves, and two
# such files are too much memory.
LARGE_BYTES = 64_000_000
SLICE_SECONDS = 10.0  # for which the lock is held at most, plus the time of the day in progress
PAUSE_SECONDS = 0.2  # between slices, so that a waiting process gets the lock
_UNDATED = "undated"

# Live files by layer and day, in the order of commits.
Days = dict[tuple[str, str], list[CompactedFile]]


@dataclass(slots=True)
class Compacted:
    """Figures of a compaction."""

    days: int = 0  # pairs of day and layer that were rewritten
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    # Layers and days that were skipped because a file differs from its commit, with the reason.
    broken: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, old: Sequence[CompactedFile], new: Sequence[CompactedFile]) -> None:
        """Count a day."""
        self.days += 1
        self.files_before += len(old)
        self.bytes_before += sum(file.bytes for file in old)
        self.files_after += len(new)
        self.bytes_after += sum(file.bytes for file in new)

    def __str__(self) -> str:
        skipped = f"; {len(self.broken)} left alone" if self.broken else ""
        if not self.days:
            return f"nothing to compact{skipped}"
        before, after = (size / 1e6 for size in (self.bytes_before, self.bytes_after))
        return (
            f"{counted(self.days, 'day and layer', 'days and layers')},"
            f" {counted(self.files_before, 'file')} ({before:.1f} MB) into"
            f" {self.files_after} ({after:.1f} MB){skipped}"
        )


class BrokenFile(Exception):  # noqa: N818 - names what was found
    """A Parquet file is not what was committed."""


def compact(
    layout: Layout,
    closed_before: date,
    *,
    now: datetime | None = None,
    seconds: float = SLICE_SECONDS,
) -> Compacted:
    """Rewrite the files of each closed day as one, for all published runs.

    Days before `closed_before` are closed, and so are rows without a day. The old files stay for
    their readers until `drop_retired`. The writer's lock is released every `seconds`; after a kill
    the next call continues after the last finished day.
    """
    done, has_more = Compacted(), True
    while has_more:
        with pulled_and_pushed(layout, log.info):
            sweep(layout)
            has_more = _compact_some(layout, closed_before, now or datetime.now(UTC), seconds, done)
        time.sleep(PAUSE_SECONDS if has_more else 0)
    return done


def _compact_some(
    layout: Layout, closed_before: date, now: datetime, seconds: float, done: Compacted
) -> bool:
    """Compact at least one day, and more until the time is over; return whether any may remain."""
    end = time.monotonic() + seconds
    for key, files in closed_days(layout, closed_before).items():
        packs = list(_packs(files))
        if not packs or key in done.broken:
            continue
        try:
            done.add(files, _compact_day(layout, *key, files, packs, now))
        except BrokenFile as error:
            done.broken[key] = str(error)
            log.warning("%s %s is left as it is: %s", *key, error)
        if time.monotonic() > end:
            return True
    return False


def closed_days(layout: Layout, closed_before: date) -> Days:
    """The live files of published commits on closed days."""
    now = compacted_files(read_compactions(layout.commits))
    found: dict[tuple[str, str], dict[str, CompactedFile]] = defaultdict(dict)
    names: set[str] = set()
    if con := open_snapshot(layout):
        with con:
            names = loader.loaded_commits(con)
    # Only loaded commits: a load reads compacted files whole, with the rows of other commits. Read
    # with their original paths, by which `now` finds the compacted files.
    for commit in written_commits(layout.commits, names):
        for file in commit.files:
            part = Part(commit.run_id, file.path, file.rows)
            uncompacted = CompactedFile(file.path, file.bytes, file.sha256, (part,))
            live, _ = now.get(file.path, (uncompacted, 0))
            found[file.layer, day_of(commit, file)].setdefault(live.path, live)
    last = closed_before.isoformat()
    return {
        (layer, day): list(files.values())
        for (layer, day), files in found.items()
        if day == _UNDATED or day < last
    }


def day_of(commit: Commit, file: CommittedFile) -> str:
    """UTC day of publication; for layers without one, the day on which the run began."""
    if file.layer == "articles":
        day = file.path.partition("/published_date=")[2].partition("/")[0]
        return _UNDATED if day == UNDATED else day
    return commit.started_at.date().isoformat() if commit.started_at else _UNDATED


def _packs(files: Iterable[CompactedFile]) -> Iterator[list[CompactedFile]]:
    """Groups of two or more files to merge, each of at most LARGE_BYTES."""
    pack: list[CompactedFile] = []
    for file in files:
        if sum(each.bytes for each in pack) + file.bytes > LARGE_BYTES:
            yield from [pack] if len(pack) > 1 else []
            pack = []
        pack.append(file)
    yield from [pack] if len(pack) > 1 else []


def _compact_day(
    layout: Layout,
    layer: str,
    day: str,
    files: Sequence[CompactedFile],
    packs: Sequence[Sequence[CompactedFile]],
    now: datetime,
) -> list[CompactedFile]:
    """Write a day's packs, then its record, which makes them count; returns the live files."""
    name = f"{DAY_PREFIX}{day}"
    # When a file is broken, the next sweep removes what was written since.
    mark_begun(layout.commits, name)
    new = [_write(layout, name, layer, pack) for pack in packs]
    old = {file.path for pack in packs for file in pack} - {file.path for file in new}
    live = [*(file for file in files if file.path not in old), *new]
    compacted = tuple(file for file in live if len(file.parts) > 1)
    retired = tuple(Retired(path, now) for path in sorted(old))
    if before := read_compaction(layout.commits, layer, day):
        retired = before.retired + retired
    write_compaction(layout.commits, Compaction(layer, day, compacted, retired))
    mark_done(layout.commits, name)
    return live


def _write(layout: Layout, name: str, layer: str, pack: Sequence[CompactedFile]) -> CompactedFile:
    folder = (layout.root / pack[0].path).parent

    def read() -> pa.Table:
        tables = []
        for file in pack:
            path = layout.root / file.path
            if not path.exists():
                raise BrokenFile(f"{path}: is not there")
            # Read once, so that the rows come from the bytes whose checksum was compared.
            content = BytesIO(path.read_bytes())
            if problem := content_problem(content, file.rows, file.sha256):
                raise BrokenFile(f"{path}: {problem}")
            tables.append(pq.ParquetFile(content).read())
        return pa.concat_tables(tables, promote_options="default")

    file = write_parquet(layout, name, folder, layer, read)
    parts = tuple(part for each in pack for part in each.parts)
    return CompactedFile(file.path, file.bytes, file.sha256, parts)


def publish_files(layout: Layout, *, now: datetime | None = None) -> Path | None:
    """Update `files` in the warehouse and publish; return the new snapshot, if there is one.

    CheckFailed when rows would be missing or doubled; readers keep the last snapshot.
    """
    with pulled_and_pushed(layout, log.info):
        sweep(layout)
        with loader.open_writer(layout) as con:
            loader.follow_files(con, layout, now or datetime.now(UTC))
        return publish_locked(layout)


def drop_retired(layout: Layout, older_than: datetime) -> list[Path]:
    """Remove replaced files that no snapshot lists, after the grace period; return them."""
    with pulled_and_pushed(layout):
        sweep(layout)
        commits = read_commits(layout.commits)
        live = {file.path for commit in commits for file in commit.files} | listed_files(layout)
        dropped = []
        for compaction in read_compactions(layout.commits):
            retired = compaction.retired
            due = [old for old in retired if old.since <= older_than and old.path not in live]
            for old in due:
                (layout.root / old.path).unlink(missing_ok=True)
                dropped.append(layout.root / old.path)
            if due:
                kept = tuple(old for old in retired if old not in due)
                write_compaction(layout.commits, replace(compaction, retired=kept))
        return dropped
